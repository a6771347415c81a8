#include "checkers/core/body_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/base/free_with.h"

namespace holdfast::checkers {
namespace {

using Code = std::unique_ptr<pcre2_code, FreeWith<pcre2_code_free>>;
using Context = std::unique_ptr<pcre2_match_context, FreeWith<pcre2_match_context_free>>;
using Stack = std::unique_ptr<pcre2_jit_stack, FreeWith<pcre2_jit_stack_free>>;
using Data = std::unique_ptr<pcre2_match_data, FreeWith<pcre2_match_data_free>>;
using CompileContext = std::unique_ptr<pcre2_compile_context, FreeWith<pcre2_compile_context_free>>;

/// A body that makes a pattern try more than this many ways is no match (pcre2api(3): the library's
/// own default is ten times that).
constexpr std::uint32_t most_tries = 1'000'000;
constexpr std::uint32_t most_heap_kib = 4096;

std::uint32_t compile_option(std::string_view name) {
  struct Option {
    std::string_view name;
    std::uint32_t bit;
  };
  // alt_verbnames and the others as PCRE2 spells them.
  static constexpr std::array options{
      Option{"allow_empty_class", PCRE2_ALLOW_EMPTY_CLASS},
      Option{"alt_bsux", PCRE2_ALT_BSUX},
      Option{"auto_callout", PCRE2_AUTO_CALLOUT},
      Option{"caseless", PCRE2_CASELESS},
      Option{"dollar_endonly", PCRE2_DOLLAR_ENDONLY},
      Option{"dotall", PCRE2_DOTALL},
      Option{"dupnames", PCRE2_DUPNAMES},
      Option{"extended", PCRE2_EXTENDED},
      Option{"firstline", PCRE2_FIRSTLINE},
      Option{"match_unset_backref", PCRE2_MATCH_UNSET_BACKREF},
      Option{"multiline", PCRE2_MULTILINE},
      Option{"never_ucp", PCRE2_NEVER_UCP},
      Option{"never_utf", PCRE2_NEVER_UTF},
      Option{"no_auto_capture", PCRE2_NO_AUTO_CAPTURE},
      Option{"no_auto_possess", PCRE2_NO_AUTO_POSSESS},
      Option{"no_dotstar_anchor", PCRE2_NO_DOTSTAR_ANCHOR},
      Option{"no_start_optimize", PCRE2_NO_START_OPTIMIZE},
      Option{"ucp", PCRE2_UCP},
      Option{"ungreedy", PCRE2_UNGREEDY},
      Option{"utf", PCRE2_UTF},
      Option{"never_backslash_c", PCRE2_NEVER_BACKSLASH_C},
      Option{"alt_circumflex", PCRE2_ALT_CIRCUMFLEX},
      Option{"alt_verbnames", PCRE2_ALT_VERBNAMES},
      Option{"use_offset_limit", PCRE2_USE_OFFSET_LIMIT},
  };
  const auto found = std::ranges::find(options, name, &Option::name);
  return found == options.end() ? 0 : found->bit;
}

std::string words_of(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  if (::pcre2_get_error_message(error, text.data(), text.size()) < 0)
    return fmt::format("error {}", error);
  return reinterpret_cast<const char*>(text.data());
}

/// How many of the last bytes are the beginning of a UTF-8 character. @source RFC 3629 3
std::size_t unfinished(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xc0U) == 0x80U) continue;
    const std::size_t needs = byte >= 0xf0U ? 4 : byte >= 0xe0U ? 3 : byte >= 0xc0U ? 2 : 1;
    return needs > back ? back : 0;
  }
  return 0;
}

PCRE2_SPTR units(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

}  // namespace

struct BodyPattern::Compiled {
  Code code;
  Context context;
  Stack stack;
  bool utf = false;
  std::size_t lookbehind = 0;  ///< bytes before a match that the pattern may look at
  std::size_t first = 0;       ///< of the body, where a match may begin
  std::optional<std::size_t> end;
};

BodyPattern::BodyPattern(std::unique_ptr<Compiled> compiled) : compiled_{std::move(compiled)} {}
BodyPattern::~BodyPattern() = default;

Result<std::shared_ptr<const BodyPattern>> BodyPattern::compile(const BodyRegex& regex) {
  // A body is any bytes: in UTF mode what is no UTF-8 matches nothing and is no error.
  std::uint32_t options = PCRE2_MATCH_INVALID_UTF;
  for (const std::string& name : regex.options) options |= compile_option(name);
  if ((options & PCRE2_UTF) == 0) options &= ~PCRE2_MATCH_INVALID_UTF;
  int error = 0;
  std::size_t at = 0;
  auto compiled = std::make_unique<Compiled>();
  compiled->code.reset(
      ::pcre2_compile(units(regex.pattern), regex.pattern.size(), options, &error, &at, nullptr));
  if (!compiled->code) return fail("{} at character {} of the pattern", words_of(error), at + 1);
  compiled->context.reset(::pcre2_match_context_create(nullptr));
  ::pcre2_set_match_limit(compiled->context.get(), most_tries);
  ::pcre2_set_heap_limit(compiled->context.get(), most_heap_kib);
  // Without JIT it is only slower.
  if (::pcre2_jit_compile(compiled->code.get(), PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD) == 0 &&
      regex.stack_max > 0) {
    compiled->stack.reset(::pcre2_jit_stack_create(regex.stack_start, regex.stack_max, nullptr));
    ::pcre2_jit_stack_assign(compiled->context.get(), nullptr, compiled->stack.get());
  }
  std::uint32_t lookbehind = 0;
  ::pcre2_pattern_info(compiled->code.get(), PCRE2_INFO_MAXLOOKBEHIND, &lookbehind);
  constexpr std::size_t longest_character = 4;  // of UTF-8
  constexpr std::uint32_t end_of_line = 2;      // ^ of multiline looks back, and is not counted
  lookbehind = std::max(lookbehind, end_of_line);
  compiled->utf = (options & PCRE2_UTF) != 0;
  compiled->lookbehind = lookbehind * (compiled->utf ? longest_character : 1);
  compiled->first = regex.min_offset;
  compiled->end = regex.max_offset;
  return std::shared_ptr<const BodyPattern>{new BodyPattern{std::move(compiled)}};
}

void BodyMatch::add(std::string_view piece) {
  if (state_ != State::looking) return;
  const auto& limit = pattern_->compiled_->end;
  if (limit) piece = piece.substr(0, *limit - std::min(*limit, taken_));
  taken_ += piece.size();
  kept_ += piece;
  if (!piece.empty()) look(false);
}

void BodyMatch::finish() {
  if (state_ == State::looking) look(true);
  if (state_ == State::looking) state_ = State::over;
}

void BodyMatch::look(bool last) {
  const BodyPattern::Compiled& compiled = *pattern_->compiled_;
  // A character that a piece has cut in two is not judged yet.
  const std::size_t size = kept_.size() - (compiled.utf && !last ? unfinished(kept_) : 0);
  const std::size_t from =
      std::max(start_, compiled.first > begin_ ? compiled.first - begin_ : std::size_t{0});
  if (from > size) {  // the body does not reach the first byte that counts
    const std::size_t useless = size - std::min(size, compiled.lookbehind);
    kept_.erase(0, useless);
    begin_ += useless;
    return;
  }
  const Data data{::pcre2_match_data_create_from_pattern(compiled.code.get(), nullptr)};
  std::uint32_t options = last ? 0 : PCRE2_PARTIAL_HARD;
  if (begin_ > 0) options |= PCRE2_NOTBOL;
  const int result = ::pcre2_match(compiled.code.get(), units(kept_), size, from, options,
                                   data.get(), compiled.context.get());
  if (result >= 0) {
    state_ = State::found;
    end_ = std::min(kept_.size(), ::pcre2_get_ovector_pointer(data.get())[1]);
    return;
  }
  std::size_t keep_from = size;
  if (result == PCRE2_ERROR_PARTIAL)
    keep_from = ::pcre2_get_ovector_pointer(data.get())[0];
  else if (result != PCRE2_ERROR_NOMATCH)
    trouble_ = words_of(result);
  if (kept_.size() - keep_from > most_kept)
    trouble_ = fmt::format("a match would need more than {} bytes of the body at once", most_kept);
  if (!trouble_.empty()) {
    state_ = State::over;
    return;
  }
  const std::size_t useless = keep_from - std::min(keep_from, compiled.lookbehind);
  kept_.erase(0, useless);
  begin_ += useless;
  start_ = keep_from - useless;
}

}  // namespace holdfast::checkers
