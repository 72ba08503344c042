// Runs a fuzz target over files: the corpus, or an input that libFuzzer left. Stands for libFuzzer's main
// where the compiler has none.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "fuzz/fuzz_target.hpp"

namespace {

namespace fs = std::filesystem;

bool replay(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    std::cerr << file << " cannot be read\n";
    return false;
  }
  // Without a byte behind it, so that AddressSanitizer sees reads beyond the end.
  std::string text{std::istreambuf_iterator<char>(in), {}};
  text.shrink_to_fit();
  std::cout << file.filename().string() << ", " << text.size() << " bytes" << std::endl;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  int replayed = 0;
  for (int i = 1; i < argc; ++i) {
    if (fs::is_directory(argv[i])) {
      for (const auto& entry : fs::directory_iterator(argv[i])) {
        if (!replay(entry.path())) return 1;
        ++replayed;
      }
    } else {
      if (!replay(argv[i])) return 1;
      ++replayed;
    }
  }
  if (replayed == 0) std::cerr << "nothing to replay: name files or directories\n";
  return replayed == 0 ? 1 : 0;
}
