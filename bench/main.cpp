// The main of every benchmark program: Google Benchmark's, and --smoke, which measures nothing well but runs
// everything.
#include <string>
#include <string_view>
#include <vector>

#include "bench.hpp"

int main(int argc, char** argv) {
  bench::make_room_for_libraries(argv);
  std::string shortest = "--benchmark_min_time=0.0001";
  bool smoke = false;
  std::vector<char*> args;
  for (int i = 0; i < argc; ++i) {
    const bool is_smoke = std::string_view(argv[i]) == "--smoke";
    smoke = smoke || is_smoke;
    args.push_back(is_smoke ? shortest.data() : argv[i]);
  }
  int count = static_cast<int>(args.size());
  args.push_back(nullptr);

  benchmark::Initialize(&count, args.data());
  if (benchmark::ReportUnrecognizedArguments(count, args.data())) return 2;
  bench::declare(smoke);
  const auto run = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return run == 0 ? 1 : 0;
}
