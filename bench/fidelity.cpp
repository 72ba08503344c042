// fidelity [--smoke | --once] [--strict] [--json FILE]: each row runs in processes of its own, because some
// allocators are preloaded; three times (--once: one), because their threads never meet in the same order. Ends with
// 1 if a byte of an acre row is astray or a row failed; with --strict also if an allocator is not installed.
#include <dlfcn.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fidelity.hpp"
#include "peer_library.hpp"

namespace fidelity {
namespace {

struct scenario {
  const char* name;
  amount usual;
  amount smoke;
};
constexpr scenario scenarios[] = {
    {"Threads that live as long as the program",
     {.generations = 1, .rounds = 20, .blocks = 1000, .kept = 800},
     {.generations = 1, .rounds = 2, .blocks = 200, .kept = 100}},
    {"Threads that end and are followed by others",
     {.generations = 4, .rounds = 5, .blocks = 1000, .kept = 800},
     {.generations = 2, .rounds = 1, .blocks = 200, .kept = 100}},
};
constexpr std::size_t scenario_count = std::size(scenarios);

struct options {
  bool smoke = false;
  bool strict = false;
  int repetitions = 3;
  const char* json = nullptr;
};

const std::string missing = "missing: ";

/// What a row's process tells.
struct report {
  outcome shares{};     ///< of several: their sums
  double lowest = 100;  ///< percent, of one
  double highest = 0;
  char malloc_is_of[256] = "";
  char error[256] = "";
};

void copy(const char* text, char (&to)[256]) { std::snprintf(to, sizeof to, "%s", text); }

share total(const outcome& shares) {
  share sum;
  for (const share& s : shares) {
    sum.bytes += s.bytes;
    sum.in_place += s.in_place;
  }
  return sum;
}

double percent(const share& s) {
  return s.bytes == 0 ? 0 : 100.0 * static_cast<double>(s.in_place) / static_cast<double>(s.bytes);
}

report run(const row& r, amount much) {
  report result;
  much.blocks /= r.part;
  much.kept /= r.part;
  try {
    Dl_info found{};
    if (::dladdr(::dlsym(RTLD_DEFAULT, "malloc"), &found) != 0) copy(found.dli_fname, result.malloc_is_of);
    if (std::strstr(result.malloc_is_of, r.malloc_is_of.c_str()) == nullptr) {
      throw bench::missing(r.preload);
    }
    result.shares = churn(*r.make(), much, r.smallest);
  } catch (const bench::missing& e) {
    copy((missing + e.what()).c_str(), result.error);
  } catch (const std::exception& e) {
    copy(e.what(), result.error);
  }
  return result;
}

/// `--row ROW SCENARIO FILE`: what a child is called with.
int tell(char** arguments, bool smoke) {
  const scenario& s = scenarios[std::strtoul(arguments[1], nullptr, 10)];
  const report result = run(rows().at(std::strtoul(arguments[0], nullptr, 10)), smoke ? s.smoke : s.usual);
  return ::write(std::atoi(arguments[2]), &result, sizeof result) == static_cast<ssize_t>(sizeof result) ? 0
                                                                                                         : 1;
}

report run_in_process(std::size_t row, std::size_t scenario, bool smoke) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe failed");
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    if (const std::string& library = rows()[row].preload; !library.empty()) {
      ::setenv("LD_PRELOAD", library.c_str(), 1);
    }
    ::execl("/proc/self/exe", "fidelity", smoke ? "--smoke" : "--once", "--row", std::to_string(row).c_str(),
            std::to_string(scenario).c_str(), std::to_string(ends[1]).c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  report result;
  const ssize_t got = ::read(ends[0], &result, sizeof result);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (got != static_cast<ssize_t>(sizeof result)) {
    result = {};
    std::snprintf(result.error, sizeof result.error, "the process ended with status %d", status);
  }
  return result;
}

report run_some_times(std::size_t row, std::size_t scenario, const options& o) {
  report all;
  for (int i = 0; i != o.repetitions; ++i) {
    const report one = run_in_process(row, scenario, o.smoke);
    copy(one.malloc_is_of, all.malloc_is_of);
    copy(one.error, all.error);
    if (one.error[0] != '\0') break;
    for (std::size_t g = 0; g != sizes; ++g) {
      all.shares[g].bytes += one.shares[g].bytes;
      all.shares[g].in_place += one.shares[g].in_place;
    }
    all.lowest = std::min(all.lowest, percent(total(one.shares)));
    all.highest = std::max(all.highest, percent(total(one.shares)));
  }
  return all;
}

/// Rounded down: 100.0 means all.
double tenths(double of) { return std::floor(of * 10) / 10; }

void print_percent(const share& s) {
  if (s.bytes == 0) {
    std::printf(" %9s", "-");
  } else {
    std::printf(" %8.1f%%", tenths(percent(s)));
  }
}

void print(const row& r, const report& result) {
  std::printf("%-46s", r.who.c_str());
  if (result.error[0] != '\0') {
    std::printf(" %s\n", result.error);
    return;
  }
  for (const share& s : result.shares) print_percent(s);
  print_percent(total(result.shares));
  std::printf("  %5.1f to %5.1f\n", tenths(result.lowest), tenths(result.highest));
}

void write_json(std::FILE* to, const row& r, const report& result) {
  std::fprintf(to, "    {\"who\": \"%s\", \"malloc\": \"%s\", ", r.who.c_str(), result.malloc_is_of);
  if (result.error[0] != '\0') {
    std::fprintf(to, "\"error\": \"%s\"}", result.error);
    return;
  }
  constexpr const char* names[sizes] = {"up_to_1KiB", "up_to_64KiB", "larger"};
  for (std::size_t g = 0; g != sizes; ++g) {
    std::fprintf(to, "\"%s\": {\"bytes\": %zu, \"in_place\": %zu}, ", names[g], result.shares[g].bytes,
                 result.shares[g].in_place);
  }
  const share all = total(result.shares);
  std::fprintf(to, "\"bytes\": %zu, \"in_place\": %zu, ", all.bytes, all.in_place);
  std::fprintf(to, "\"percent\": %.4f, \"lowest\": %.4f, \"highest\": %.4f}", percent(all), result.lowest,
               result.highest);
}

using reports = std::vector<report>;

void write_json(const char* path, const std::vector<reports>& all) {
  std::FILE* const file = std::fopen(path, "w");
  if (file == nullptr) throw std::runtime_error(std::string("cannot write ") + path);
  utsname system{};
  ::uname(&system);
  std::fprintf(file, "{\n  \"kernel\": \"%s\",\n  \"nodes\": %zu,\n  \"scenarios\": [", system.release,
               homes().size());
  for (std::size_t s = 0; s != scenario_count; ++s) {
    std::fprintf(file, "%s\n   {\"name\": \"%s\", \"rows\": [\n", s == 0 ? "" : ",", scenarios[s].name);
    for (std::size_t i = 0; i != all[s].size(); ++i) {
      if (i != 0) std::fputs(",\n", file);
      write_json(file, rows()[i], all[s][i]);
    }
    std::fputs("\n   ]}", file);
  }
  std::fputs("\n  ]\n}\n", file);
  if (std::fclose(file) != 0) throw std::runtime_error(std::string("cannot write ") + path);
}

bool is_well(const row& r, const report& result, bool strict) {
  if (result.error[0] != '\0')
    return !strict && !r.acre && std::strstr(result.error, "is missing") != nullptr;
  const share all = total(result.shares);
  return all.bytes != 0 && (!r.acre || all.in_place == all.bytes);
}

int run_all(const options& o) {
  std::printf("Live bytes on the node they were asked for, after churn over %zu nodes\n", homes().size());
  std::vector<reports> all(scenario_count);
  bool well = true;
  for (std::size_t s = 0; s != scenario_count; ++s) {
    std::printf("\n%-46s %9s %9s %9s %9s  %s\n", scenarios[s].name, "<= 1 KiB", "<= 64 KiB", "larger", "all",
                "each run");
    for (std::size_t i = 0; i != rows().size(); ++i) {
      all[s].push_back(run_some_times(i, s, o));
      print(rows()[i], all[s].back());
      well = is_well(rows()[i], all[s].back(), o.strict) && well;
    }
  }
  if (o.json != nullptr) write_json(o.json, all);
  return well ? 0 : 1;
}

int main(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--smoke" || arg == "--once") {
      o.smoke = arg == "--smoke";
      o.repetitions = 1;
    } else if (arg == "--strict") {
      o.strict = true;
    } else if (arg == "--json" && i + 1 < argc) {
      o.json = argv[++i];
    } else if (arg == "--row" && i + 4 == argc) {
      return tell(argv + i + 1, o.smoke);
    } else {
      std::fputs("usage: fidelity [--smoke | --once] [--strict] [--json FILE]\n", stderr);
      return 2;
    }
  }
  return run_all(o);
}

}  // namespace
}  // namespace fidelity

int main(int argc, char** argv) {
  try {
    return fidelity::main(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fidelity: %s\n", e.what());
    return 2;
  }
}
