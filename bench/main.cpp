// The main of every benchmark program: Google Benchmark's, and --smoke, which measures nothing well but runs
// everything, and --list, which measures nothing: the baseline's WHO, then the names of all rows, one a line.
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "bench.hpp"

int main(int argc, char** argv) {
  bench::make_room_for_libraries(argv);
  std::string shortest = "--benchmark_min_time=0.0001";
  std::string names = "--benchmark_list_tests=true";
  bool smoke = false;
  bool list = false;
  std::vector<char*> args;
  for (int i = 0; i < argc; ++i) {
    const bool is_smoke = std::string_view(argv[i]) == "--smoke";
    const bool is_list = std::string_view(argv[i]) == "--list";
    smoke = smoke || is_smoke;
    list = list || is_list;
    args.push_back(is_smoke ? shortest.data() : is_list ? names.data() : argv[i]);
  }
  int count = static_cast<int>(args.size());
  args.push_back(nullptr);

  benchmark::Initialize(&count, args.data());
  if (benchmark::ReportUnrecognizedArguments(count, args.data())) return 2;
  bench::declare(smoke);
  if (list) std::cout << bench::baseline() << '\n';
  const auto run = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return run == 0 ? 1 : 0;
}
