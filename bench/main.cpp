// The main of every benchmark program: Google Benchmark's, and --smoke, which measures nothing well but runs
// everything.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

int main(int argc, char** argv) {
  std::string shortest = "--benchmark_min_time=0.0001";
  std::vector<char*> args;
  for (int i = 0; i < argc; ++i)
    args.push_back(std::string_view(argv[i]) == "--smoke" ? shortest.data() : argv[i]);
  int count = static_cast<int>(args.size());
  args.push_back(nullptr);

  benchmark::Initialize(&count, args.data());
  if (benchmark::ReportUnrecognizedArguments(count, args.data())) return 2;
  const auto run = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return run == 0 ? 1 : 0;
}
