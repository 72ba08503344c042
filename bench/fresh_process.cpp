#include "fresh_process.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace bench {
namespace {

/// One line each: "figure <value> <name>" and "label <text>", or "missing <text>" or "failed <text>" and nothing
/// else.
std::string written(const std::function<report()>& f) {
  std::ostringstream out;
  out.precision(17);
  try {
    const report found = f();
    for (const auto& [name, value] : found.counted) out << "figure " << value << ' ' << name << '\n';
    out << "label " << found.label << '\n';
  } catch (const missing& reason) {
    return std::string("missing ") + reason.what();
  } catch (const std::exception& reason) {
    return std::string("failed ") + reason.what();
  }
  return out.str();
}

[[noreturn]] void be_child(int out, const std::function<report()>& f) {
  const std::string text = written(f);
  std::size_t sent = 0;
  while (sent != text.size()) {
    const ssize_t n = ::write(out, text.data() + sent, text.size() - sent);
    if (n <= 0) std::_Exit(2);
    sent += static_cast<std::size_t>(n);
  }
  // Nothing of the parent's is to be flushed or destroyed.
  std::_Exit(0);
}

std::string read_all(int in) {
  std::string text;
  char part[4096];
  for (ssize_t n = 0; (n = ::read(in, part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(n));
  return text;
}

report parse(const std::string& written) {
  report found;
  std::istringstream lines(written);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind;
    words >> kind >> std::ws;
    if (kind == "figure") {
      double value = 0;
      words >> value >> std::ws;
      std::string name;
      std::getline(words, name);
      found.counted[name] = value;
    } else {
      std::string text;
      std::getline(words, text);
      if (kind == "label") {
        found.label = text;
        continue;
      }
      if (kind == "missing") throw missing(text);
      throw std::runtime_error(text);
    }
  }
  return found;
}

}  // namespace

report in_fresh_process(const std::function<report()>& f) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no child process");
  if (child == 0) {
    ::close(ends[0]);
    be_child(ends[1], f);
  }
  ::close(ends[1]);
  const std::string text = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error(WIFSIGNALED(status)
                                 ? "the child process ended by signal " + std::to_string(WTERMSIG(status))
                                 : std::string("the child process failed"));
  }
  return parse(text);
}

void fresh_rows(const std::string& group, const std::vector<peer>& of,
                const std::function<figures(subject&)>& measure) {
  for (const peer& p : of) {
    const auto body = [=](benchmark::State& state) {
      attempt(state, [&] {
        const auto [counted, label] = in_fresh_process([&] {
          subject s = make_checked(p);
          return report{measure(s), s.version};
        });
        state.SetLabel(label);
        for (auto _ : state) state.SetIterationTime(counted.at("seconds"));
        for (const auto& [name, value] : counted) {
          if (name != "seconds") state.counters[name] = value;
        }
      });
    };
    row(group + "/" + p.who, body)->Iterations(1)->UseManualTime();
  }
}

double resident_bytes() {
  std::ifstream file("/proc/self/smaps_rollup");
  double kilobytes = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    double value = 0;
    words >> name >> value;
    if (name == "Rss:") kilobytes += value;
    if (name == "LazyFree:") kilobytes -= value;
  }
  return kilobytes * 1024;
}

}  // namespace bench
