#include "cli/command.hpp"
#include "cli/input_error.hpp"
#include "cli/message.hpp"
#include "cli/printable.hpp"
#include "cli/shm/shm_report.hpp"
#include "cli/terminal.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace acre_cli {
namespace {

struct shm_options {
  std::optional<std::string> name;
  std::vector<std::string> names;
  std::string size;
  std::vector<std::string> placement;
  std::optional<std::string> backend;
  std::string pages = "system";
  std::string mode = "0600";
  std::string offset = "0";
  std::string length;
  int id = -1;
  bool eager = false;
  bool migrate = false;
  bool foreign = false;
  bool json = false;
};
using options_pointer = std::shared_ptr<shm_options>;

constexpr std::array backends{acre::segment_backend::posix, acre::segment_backend::sysv};
constexpr std::array page_kinds{acre::page_kind::system, acre::page_kind::transparent_huge,
                                acre::page_kind::huge_2mb, acre::page_kind::huge_1gb};

/// "posix|sysv", by which read_arguments() takes no other.
template <class Kinds>
std::string any_of(const Kinds& kinds) {
  std::vector<std::string_view> texts;
  for (const auto kind : kinds) texts.push_back(acre::to_string(kind));
  return fmt::format("{}", fmt::join(texts, "|"));
}

template <class Kinds>
auto chosen_of(const Kinds& kinds, const std::string& text) {
  return *std::ranges::find_if(kinds, [&](auto kind) { return acre::to_string(kind) == text; });
}

unsigned mode_of(const shm_options& o) {
  unsigned mode = 0;
  const char* const end = o.mode.data() + o.mode.size();
  const auto read = std::from_chars(o.mode.data(), end, mode, 8);
  if (read.ec != std::errc{} || read.ptr != end || mode > 0777)
    throw input_error(fmt::format("mode '{}': octal permission bits such as 0640", printable(o.mode)));
  return mode;
}

acre::segment_backend backend_of(const shm_options& o) {
  return chosen_of(backends, o.backend.value_or("posix"));
}

/// With --id there is no name, and its place has the first word of the placement.
acre::placement placement_of(const shm_options& o) {
  std::vector<std::string> words;
  if (o.id >= 0 && o.name) words.push_back(*o.name);
  for (const std::string& word : o.placement) words.push_back(word);
  return acre::placement::parse(fmt::format("{}", fmt::join(words, " ")));
}

/// --id says which segment, and of which kind.
void refuse_beside_id(const shm_options& o, bool named) {
  if (o.id < 0) return;
  if (named) throw input_error("--id is instead of a name: a segment has one or the other here");
  if (backend_of(o) == acre::segment_backend::posix && o.backend)
    throw input_error("--id is the number of a System V segment, which --backend posix has not");
}

/// Who names a segment means it, whoever's it is.
acre::attach_options attach_of(const shm_options& o, acre::access access) {
  return {.backend = backend_of(o),
          .access = access,
          .owner = acre::segment_owner::any,
          .foreign = o.foreign ? acre::foreign_memory::accept : acre::foreign_memory::refuse};
}

acre::shared_segment attached(const shm_options& o, const std::string& name,
                              const acre::attach_options& how) {
  return o.id >= 0 ? acre::shared_segment::attach_id(o.id, how) : acre::shared_segment::open(name, how);
}

/// Directories and the like are no memory, whatever is accepted.
bool is_memory(const shm_options& o, const std::string& name) {
  acre::attach_options how = attach_of(o, acre::access::read_only);
  how.foreign = acre::foreign_memory::accept;
  try {
    return static_cast<bool>(attached(o, name, how));
  } catch (const acre::failure&) {
    return false;
  }
}

/// What act() returns. What the library throws is thrown with advice.
template <class Act>
auto advised(const shm_options& o, const std::string& name, segment_request request, Act act) {
  try {
    return act();
  } catch (const acre::failure& f) {
    request.backend = o.id >= 0 ? acre::segment_backend::sysv : backend_of(o);
    request.foreign_helps = f.code() == acre::errc::foreign_segment && !o.foreign && is_memory(o, name);
    const std::string advice = advice_on(f.code(), request);
    if (advice.empty()) throw;
    throw acre::error(f.code(), fmt::format("{}; {}", f.what(), advice));
  }
}

acre::shared_segment opened(const shm_options& o, acre::access access) {
  const std::string name = o.name.value_or("");
  if (o.id < 0 && name.empty()) throw input_error("shm: the name of a segment, or --id");
  return advised(o, name, {}, [&] { return attached(o, name, attach_of(o, access)); });
}

std::string written(const nlohmann::json& json) {
  // Names of files need not be UTF-8.
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

int create(const shm_options& o) {
  acre::segment_options how;
  how.backend = backend_of(o);
  how.page_kind = chosen_of(page_kinds, o.pages);
  how.mode = mode_of(o);
  if (o.eager) how.commit = acre::commit::eager;
  const acre::placement where = placement_of(o);
  const segment_request request{.pages = how.page_kind, .creates = true};
  const acre::shared_segment made = advised(o, *o.name, request, [&] {
    return acre::shared_segment::create(*o.name, acre::parse_bytes(o.size), where, how);
  });
  for (const auto& less : made.downgrades()) complain("note: " + less.text);
  fmt::print("{}", printable(*o.name));
  if (made.id() >= 0) fmt::print(" id {}", made.id());
  fmt::print(": {}, {}\n", acre::format_bytes_rounded(made.size()), made.where_text());
  return done;
}

int list(const shm_options& o) {
  const std::vector<acre::segment_info> all = acre::shared_segment::list();
  if (o.json) {
    fmt::print("{}\n", written(segments_json(all)));
  } else {
    fmt::print("{}", segments_text(all, line_length_of_stdout(), style_of_stdout()));
  }
  return done;
}

/// What list() knows of it; memory that acre did not make is not there.
acre::segment_info info_of(const acre::shared_segment& segment, const std::string& name) {
  const std::string file = name.starts_with('/') ? name.substr(1) : name;
  for (const acre::segment_info& s : acre::shared_segment::list()) {
    if (s.backend == segment.backend() && (s.id >= 0 ? s.id == segment.id() : s.name == file)) return s;
  }
  acre::segment_info info;
  info.name = file;
  info.backend = segment.backend();
  info.id = segment.id();
  info.bytes = segment.size();
  info.page_kind = segment.page_kind();
  info.placement = segment.where_text();
  try {
    info.resident = segment.resident();
  } catch (const acre::error&) {  // it is not for this user to see
  }
  return info;
}

int show(const shm_options& o) {
  refuse_beside_id(o, o.name.has_value());
  const acre::shared_segment segment = opened(o, acre::access::read_only);
  segment_details details;
  details.info = info_of(segment, o.name ? *o.name : "");
  try {
    const acre::check_result result = segment.check();
    details.check = result.to_string();
    details.as_placed = result.ok();
  } catch (const acre::error& e) {
    details.check = e.what();
  }
  if (o.json) {
    fmt::print("{}\n", written(segment_json(details)));
  } else {
    fmt::print("{}", segment_text(details, line_length_of_stdout(), style_of_stdout()));
  }
  return done;
}

int bind(const shm_options& o) {
  refuse_beside_id(o, false);  // what stands in the name's place is the placement's
  const acre::placement where = placement_of(o);
  acre::segment_bind_options what;
  what.offset = acre::parse_bytes(o.offset);
  what.bytes = o.length.empty() ? 0 : acre::parse_bytes(o.length);
  // The library takes 0 for "up to the end".
  if (!o.length.empty() && what.bytes == 0) throw input_error("shm bind: --length 0 is nothing");
  if (o.migrate) what.existing = acre::existing_pages::migrate;
  acre::shared_segment segment = opened(o, acre::access::read_write);
  const segment_request request{.pages = segment.page_kind(), .migrate = o.migrate};
  const acre::migration result = advised(o, "", request, [&] { return segment.bind(where, what); });
  for (const auto& less : result.downgrades) complain("note: " + less.text);
  const std::string now = segment.where_text().empty() ? where.to_string() : segment.where_text();
  fmt::print("{}: {}\n", printable(now), result.to_string());
  return result.failed() == 0 ? done : failed;
}

int remove(const shm_options& o) {
  if (o.names.empty() && o.id < 0) throw input_error("shm remove: names, or --id");
  refuse_beside_id(o, !o.names.empty());
  int status = done;
  const acre::attach_options how = attach_of(o, acre::access::read_only);
  const auto absent = [&](const std::string& what) {
    complain("there is no segment " + what);
    status = bad_input;
  };
  const auto removed = [&](const std::string& name) {
    return advised(o, name, {}, [&] {
      return o.id >= 0 ? acre::shared_segment::remove_id(o.id, how) : acre::shared_segment::remove(name, how);
    });
  };
  if (o.id >= 0 && !removed("")) absent(fmt::format("of id {}", o.id));
  for (const std::string& name : o.names)
    if (!removed(name)) absent(fmt::format("'{}'", name));
  return status;
}

command part(const char* name, const char* about, const options_pointer& o, int (*act)(const shm_options&)) {
  return {.name = fmt::format("acre shm {}", name), .about = about, .act = [o, act] { return act(*o); }};
}

argument_option backend_option(shm_options& o) {
  return {{"--backend"},
          any_of(backends),
          "a file in /dev/shm (posix); or a key, or 'private' (sysv)",
          into(o.backend)};
}

argument_option json_option(shm_options& o) { return {{"--json"}, "", "write JSON", into(o.json)}; }

void add_which(command& c, shm_options& o) {
  c.options.push_back(backend_option(o));
  c.options.push_back({{"--id"},
                       "N",
                       "a System V segment by its number, instead of a name",
                       into_number(o.id, 0, std::numeric_limits<int>::max())});
  c.options.push_back(
      {{"--foreign"}, "", "also memory that acre did not make, or that is damaged", into(o.foreign)});
}

constexpr const char* placement_help = "'interleave all', 'bind 0-1', 'blocked 0:1,1:3' ...";

command create_command(const options_pointer& o) {
  command c = part("create", "Makes a segment, placed before its first page exists.", o, create);
  c.words = {{"NAME", "of a file in /dev/shm, or a System V key", into(o->name)},
             {"SIZE", "such as 64MiB", into(o->size)},
             {"PLACEMENT...", placement_help, into(o->placement)}};
  c.options = {backend_option(*o),
               {{"--pages"}, any_of(page_kinds), "what it consists of (system)", into(o->pages)},
               {{"--mode"}, "BITS", "who may use it (0600)", into(o->mode)},
               {{"--eager"}, "", "all pages exist from the beginning", into(o->eager)}};
  return c;
}

command show_command(const options_pointer& o) {
  command c = part("show", "Shows one segment, and whether its pages lie as placed.", o, show);
  c.words = {{"[SEGMENT]", "its name; not with --id", into(o->name)}};
  add_which(c, *o);
  c.options.push_back(json_option(*o));
  return c;
}

command bind_command(const options_pointer& o) {
  command c = part("bind", "Places a segment, or a part of it, anew.", o, bind);
  c.words = {{"[SEGMENT]", "its name; not with --id", into(o->name)},
             {"[PLACEMENT]...", placement_help, into(o->placement)}};
  add_which(c, *o);
  c.options.push_back({{"--offset"}, "SIZE", "where the part begins (0)", into(o->offset)});
  c.options.push_back({{"--length"}, "SIZE", "how long it is; else up to the end", into(o->length)});
  c.options.push_back({{"--migrate"}, "", "pages may exist, and are moved", into(o->migrate)});
  c.notes = {"Exit status: 0 done, 1 pages stayed or it could not be done, 2 bad arguments."};
  return c;
}

command remove_command(const options_pointer& o) {
  command c = part("remove", "Takes names away; the memory ends with its last user.", o, remove);
  c.words = {{"[SEGMENT]...", "names; not with --id", into(o->names)}};
  add_which(c, *o);
  return c;
}

}  // namespace

command shm_command() {
  const auto o = std::make_shared<shm_options>();
  command list_command = part("list", "Shows the segments of acre that this user may read.", o, list);
  list_command.options = {json_option(*o)};
  return {.name = "acre shm",
          .about = "Makes, shows, places and removes shared memory segments.",
          .commands = {create_command(o), list_command, show_command(o), bind_command(o), remove_command(o)}};
}

}  // namespace acre_cli
