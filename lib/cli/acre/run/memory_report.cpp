#include "cli/acre/run/memory_report.hpp"

#include "cli/acre/page_bars.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>

namespace acre_cli {
namespace {

double seconds(watch_clock::duration time) { return std::chrono::duration<double>(time).count(); }

std::string shared_pages_note(const memory_peak& peak) {
  const std::string mapped = acre::format_bytes_rounded(peak.mapped * peak.page_size);
  if (mapped == acre::format_bytes_rounded(peak.pages * peak.page_size)) return {};
  return fmt::format("  a page that N processes map counts 1/N in each; in full they would be {}\n", mapped);
}

std::string seen(const memory_watch& watch, std::uint64_t largest, std::size_t width,
                 const text_style& style) {
  if (!watch.peak()) {
    const std::string why = watch.error()
                                ? watch.error().message()
                                : std::string("it ended before acre could look where its memory lies");
    return fmt::format("  nothing was seen: {}\n", why);
  }
  const memory_peak& peak = *watch.peak();
  std::string text =
      fmt::format("  most memory seen: {} after {:.2f} s, in {} process{}; {} look{}\n",
                  acre::format_bytes_rounded(peak.pages * peak.page_size), seconds(peak.at), peak.processes,
                  peak.processes == 1 ? "" : "es", watch.looks(), watch.looks() == 1 ? "" : "s");
  text += shared_pages_note(peak);
  if (!peak.policy.empty()) text += fmt::format("  policy: {}\n", peak.policy);
  text += bar_lines(peak.per_node, peak.page_size, width, style);
  if (largest > watch.largest() / 10 * 11)
    text += "  it had more between the looks, which are few so as not to slow it down\n";
  return text;
}

}  // namespace

std::string memory_report(std::string_view name, const memory_watch& watch, const command_end& end,
                          std::size_t width, const text_style& style) {
  const auto largest = static_cast<std::uint64_t>(end.used.ru_maxrss) * 1024;
  return fmt::format("acre: {}: status {} after {:.2f} s; its largest process had at most {}\n", name,
                     end.status, seconds(watch.elapsed()), acre::format_bytes_rounded(largest)) +
         seen(watch, largest, width, style);
}

}  // namespace acre_cli
