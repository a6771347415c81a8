// Runs a fuzz entry point without libFuzzer: over each file of the folders named as arguments, and
// over mutations of it that are the same in every run.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int mutations_of_a_seed = 300;

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

/// One change at a random place: a byte replaced, removed or doubled, or the rest cut off.
void mutate(std::string& input, std::mt19937& random) {
  if (input.empty()) return;
  const std::size_t at = random() % input.size();
  switch (random() % 5) {
    case 0:
      input[at] = static_cast<char>(random());
      break;
    case 1:
      input.erase(at, 1 + random() % 8);
      break;
    case 2:
      input.insert(at, input.substr(random() % input.size(), 1 + random() % 16));
      break;
    case 3:
      input[at] = "{}\"#!\\\n$@~ 0"[random() % 12];
      break;
    default:
      if (random() % 8 == 0) input.resize(at);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t inputs = 0;
  for (int i = 1; i < argc; ++i)
    for (const auto& entry : std::filesystem::directory_iterator{argv[i]}) {
      std::ifstream file{entry.path(), std::ios::binary};
      const std::string seed{std::istreambuf_iterator<char>{file}, {}};
      std::mt19937 random{static_cast<std::uint32_t>(seed.size())};
      run(seed);
      std::string input = seed;
      for (int change = 0; change < mutations_of_a_seed; ++change) {
        if (change % 20 == 0) input = seed;
        mutate(input, random);
        run(input);
      }
      inputs += 1 + mutations_of_a_seed;
    }
  std::printf("%zu inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}
