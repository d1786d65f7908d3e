#include "metrics/render/support/process_state.h"

namespace leak_exporter::render {
namespace {

/// Letters in the order of kProcessStates.
constexpr std::string_view kLetters = "RSDTZtIXPKW";

}  // namespace

size_t ProcessStateIndex(char letter) {
  // Linux 2.6.33 to 3.13 told dead threads apart as X and x.
  if (letter == 'x') letter = 'X';
  const size_t index = kLetters.find(letter);
  return index == std::string_view::npos ? kProcessStates.size() - 1 : index;
}

}  // namespace leak_exporter::render
