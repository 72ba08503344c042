#include "cli/acre/command.hpp"
#include "cli/acre/message.hpp"
#include "cli/acre/shm/shm_report.hpp"
#include "cli/acre/typed_words.hpp"
#include "cli/common/input_error.hpp"
#include "cli/common/printable.hpp"
#include "cli/common/terminal.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace acre_cli {
namespace {

struct shm_options {
  std::optional<typed_word> name;
  std::vector<typed_word> names;
  typed_word size;
  std::vector<typed_word> placement;
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

template <class Kinds>
std::vector<std::string> texts_of(const Kinds& kinds) {
  std::vector<std::string> texts;
  for (const auto kind : kinds) texts.emplace_back(acre::to_string(kind));
  return texts;
}

/// CLI11 has seen to it that `text` is one of them.
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
  if (o.id >= 0 && o.name) words.push_back(o.name->text);
  for (const typed_word& word : o.placement) words.push_back(word.text);
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
  const std::string name = o.name ? o.name->text : "";
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
  const acre::shared_segment made = advised(o, o.name->text, request, [&] {
    return acre::shared_segment::create(o.name->text, acre::parse_bytes(o.size.text), where, how);
  });
  for (const auto& less : made.downgrades()) complain("note: " + less.text);
  fmt::print("{}", printable(o.name->text));
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
  details.info = info_of(segment, o.name ? o.name->text : "");
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
  for (const typed_word& name : o.names)
    if (!removed(name.text)) absent(fmt::format("'{}'", name.text));
  return status;
}

CLI::App& add(CLI::App& shm, const char* name, const char* help, const options_pointer& o, action& chosen,
              int (*act)(const shm_options&)) {
  CLI::App& command = *shm.add_subcommand(name, help);
  command.callback([o, act, &chosen] { chosen = [o, act] { return act(*o); }; });
  return command;
}

void add_backend(CLI::App& command, shm_options& o) {
  command.add_option("--backend", o.backend, "posix: a file in /dev/shm; sysv: a key, or 'private'")
      ->type_name("KIND")
      ->check(CLI::IsMember(texts_of(backends)))
      ->default_str("posix");
}

void add_which(CLI::App& command, shm_options& o) {
  add_backend(command, o);
  command.add_option("--id", o.id, "a System V segment by its number, instead of a name")
      ->type_name("N")
      ->check(CLI::Validator(CLI::NonNegativeNumber).description(""));
  command.add_flag("--foreign", o.foreign, "also memory that acre did not make, or that is damaged");
}

void add_placement(CLI::App& command, shm_options& o, bool required) {
  command.add_option("PLACEMENT", o.placement, "'interleave all', 'bind 0-1', 'blocked 0:1,1:3' ...")
      ->required(required)
      ->type_name("");
}

void add_create(CLI::App& shm, const options_pointer& o, action& chosen) {
  CLI::App& command =
      add(shm, "create", "Makes a segment, placed before its first page exists.", o, chosen, create);
  command.add_option("NAME", o->name, "of a file in /dev/shm, or a System V key")->required()->type_name("");
  command.add_option("SIZE", o->size, "such as 64MiB")->required()->type_name("");
  add_placement(command, *o, true);
  add_backend(command, *o);
  command.add_option("--pages", o->pages, "what it consists of")
      ->type_name("KIND")
      ->check(CLI::IsMember(texts_of(page_kinds)))
      ->capture_default_str();
  command.add_option("--mode", o->mode, "who may use it")->type_name("BITS")->capture_default_str();
  command.add_flag("--eager", o->eager, "all pages exist from the beginning");
}

void add_bind(CLI::App& shm, const options_pointer& o, action& chosen) {
  CLI::App& command = add(shm, "bind", "Places a segment, or a part of it, anew.", o, chosen, bind);
  command.add_option("NAME", o->name, "of the segment; not with --id")->type_name("SEGMENT");
  add_placement(command, *o, false);
  add_which(command, *o);
  command.add_option("--offset", o->offset, "where the part begins")
      ->type_name("SIZE")
      ->capture_default_str();
  command.add_option("--length", o->length, "how long it is; else up to the end")
      ->type_name("SIZE")
      ->check(CLI::Validator([](const std::string& text) { return text.empty() ? "it is empty" : ""; }, ""));
  command.add_flag("--migrate", o->migrate, "pages may exist, and are moved");
  command.footer("Exit status: 0 done, 1 pages stayed or it could not be done, 2 bad arguments.");
}

}  // namespace

void add_shm(CLI::App& acre, action& chosen) {
  CLI::App& shm = *acre.add_subcommand("shm", "Makes, shows, places and removes shared memory segments.");
  shm.require_subcommand(1);
  const auto o = std::make_shared<shm_options>();
  add_create(shm, o, chosen);
  add(shm, "list", "Shows the segments of acre that this user may read.", o, chosen, list)
      .add_flag("--json", o->json, "write JSON");
  CLI::App& shown =
      add(shm, "show", "Shows one segment, and whether its pages lie as placed.", o, chosen, show);
  shown.add_option("NAME", o->name, "of the segment")->type_name("SEGMENT");
  add_which(shown, *o);
  shown.add_flag("--json", o->json, "write JSON");
  add_bind(shm, o, chosen);
  CLI::App& removed =
      add(shm, "remove", "Takes names away; the memory ends with its last user.", o, chosen, remove);
  removed.add_option("NAME", o->names, "of segments")->type_name("SEGMENT");
  add_which(removed, *o);
}

}  // namespace acre_cli
