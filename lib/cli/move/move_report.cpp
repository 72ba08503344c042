#include "cli/move/move_report.hpp"

#include "cli/json_values.hpp"
#include "cli/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace acre_cli {
namespace {

std::string what_stayed(const acre::process_move& m, std::size_t width) {
  std::string text;
  const auto add = [&](std::size_t pages, std::string_view why) {
    if (pages > 0) text += wrap(fmt::format("{} stayed: {}", pages, why), width, 4, 6);
  };
  const std::size_t shared = std::min(m.left, m.left_shared);
  const std::size_t others = m.left - shared;
  add(shared, "in mappings that other processes share, which need CAP_SYS_NICE");
  if (m.error) {
    add(others, m.error.message());
    if (others == 0) text += wrap(m.error.message(), width, 4, 6);
  } else {
    const std::size_t refused = std::min(others, m.refused);
    add(refused, "the kernel could not move them, they are busy");
    add(others - refused, "touched meanwhile, or not the process's alone");
  }
  return text;
}

}  // namespace

std::string progress_line(const acre::process_move& now, std::size_t number, std::size_t count,
                          std::size_t width, const text_style& style) {
  constexpr std::size_t bar = 20;
  const double share = now.pages == 0 ? 1 : static_cast<double>(now.moved) / static_cast<double>(now.pages);
  const auto filled = static_cast<std::size_t>(bar * share);
  const std::string percent = fmt::format("{:3.0f} %", std::floor(100 * share));
  std::string line =
      fmt::format("[{}{}] {}", repeat(style.block(), filled), std::string(bar - filled, ' '), percent);
  std::string which = fmt::format("  node {} to {}", now.from, now.to);
  if (count > 1) which += fmt::format(" ({} of {})", number, count);
  const std::string pages = fmt::format(": {} of {}", now.moved, counted(now.pages, "page"));
  if (columns(line) + which.size() <= width) line += which;
  if (columns(line) + pages.size() <= width && line.ends_with(which)) line += pages;
  return columns(line) <= width ? line : percent;
}

std::string move_summary(const acre::process_migration& result, std::size_t width) {
  std::string text = wrap(fmt::format("process {}: {} moved, {} stayed", result.pid,
                                      counted(result.moved(), "page"), result.left()),
                          width, 0, 2);
  for (const auto& m : result.moves) {
    text +=
        wrap(fmt::format("node {} to {}: {} of {} moved", m.from, m.to, m.moved, counted(m.pages, "page")),
             width, 2, 4);
    text += what_stayed(m, width);
  }
  return cut_lines(text, width);
}

nlohmann::json move_json(const acre::process_migration& result) {
  auto moves = nlohmann::json::array();
  for (const auto& m : result.moves) {
    moves.push_back({{"from", m.from},
                     {"to", m.to},
                     {"pages", m.pages},
                     {"moved", m.moved},
                     {"left", m.left},
                     {"left_shared", m.left_shared},
                     {"refused", m.refused},
                     {"error", m.error ? nlohmann::json(m.error.message()) : nlohmann::json()}});
  }
  return {{"pid", result.pid},         {"moved", result.moved()},
          {"left", result.left()},     {"all_moved", all_moved(result)},
          {"moves", std::move(moves)}, {"before", result.before},
          {"after", result.after}};
}

bool all_moved(const acre::process_migration& result) {
  return std::ranges::all_of(result.moves,
                             [](const acre::process_move& m) { return !m.error && m.left <= m.left_shared; });
}

}  // namespace acre_cli
