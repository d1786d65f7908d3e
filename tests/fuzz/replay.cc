// Runs a fuzzer's inputs without libFuzzer: each file once, and then a number
// of random changes of them, the same in each run. With LEAK_FUZZ_SECONDS in
// the environment, as many changes as fit into that much CPU time; longer runs
// go on where shorter ones end.
// usage: NAME_replay CHANGES FILE_OR_DIRECTORY ...
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

// libFuzzer has it for custom mutators; here nobody calls those.
extern "C" size_t LLVMFuzzerMutate(uint8_t* /*data*/, size_t size,
                                   size_t /*max_size*/) {
  return size;
}

namespace {

namespace fs = std::filesystem;
using Input = std::vector<uint8_t>;

constexpr size_t kLargestInput = size_t{1} << 20;

void AddFile(const fs::path& path, std::vector<Input>& inputs) {
  std::ifstream file(path, std::ios::binary);
  Input input{std::istreambuf_iterator<char>(file), {}};
  if (input.size() <= kLargestInput) inputs.push_back(std::move(input));
}

std::vector<Input> ReadInputs(int argc, char** argv) {
  std::vector<fs::path> paths;
  for (int i = 2; i < argc; ++i) {
    if (!fs::is_directory(argv[i])) {
      paths.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(argv[i])) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Input> inputs;
  for (const fs::path& path : paths) AddFile(path, inputs);
  return inputs;
}

Input Changed(Input input, const std::vector<Input>& others,
              std::mt19937& random) {
  const auto place = [&] { return random() % (input.size() + 1); };
  for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
    const size_t at = place();
    const auto here = input.begin() + static_cast<std::ptrdiff_t>(at);
    switch (random() % 4) {
      case 0:
        if (at < input.size()) input[at] = static_cast<uint8_t>(random());
        break;
      case 1:
        input.insert(here, static_cast<uint8_t>(random()));
        break;
      case 2:
        input.erase(here, here + static_cast<std::ptrdiff_t>(std::min<size_t>(
                                     random() % 16, input.size() - at)));
        break;
      default: {
        const Input& other = others[random() % others.size()];
        const size_t from = random() % (other.size() + 1);
        const size_t more =
            std::min<size_t>(random() % 64, other.size() - from);
        const auto begin = other.begin() + static_cast<std::ptrdiff_t>(from);
        input.insert(here, begin, begin + static_cast<std::ptrdiff_t>(more));
      }
    }
  }
  if (input.size() > kLargestInput) input.resize(kLargestInput);
  return input;
}

// Whether there is another change to be made after so many.
bool GoesOn(unsigned long done, unsigned long wanted) {
  static const char* const kSeconds = std::getenv("LEAK_FUZZ_SECONDS");
  if (kSeconds == nullptr) return done < wanted;
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC <
         std::strtod(kSeconds, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: " << argv[0] << " CHANGES FILE_OR_DIRECTORY ...\n";
    return 2;
  }
  const std::vector<Input> inputs = ReadInputs(argc, argv);
  if (inputs.empty()) {
    std::cerr << "no inputs\n";
    return 1;
  }
  for (const Input& input : inputs) {
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::mt19937 random(1);
  const unsigned long wanted = std::strtoul(argv[1], nullptr, 10);
  unsigned long changes = 0;
  for (; GoesOn(changes, wanted); ++changes) {
    const Input input =
        Changed(inputs[random() % inputs.size()], inputs, random);
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::cout << inputs.size() << " inputs, " << changes << " changes\n";
  return 0;
}
