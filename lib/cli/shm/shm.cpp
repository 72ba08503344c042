#include "cli/command.hpp"
#include "cli/message.hpp"
#include "cli/printable.hpp"
#include "cli/shm/shm_report.hpp"
#include "cli/terminal.hpp"
#include "cli/text.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include <fmt/ranges.h>
#include <sys/resource.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

namespace acre_cli {
namespace {

namespace fs = std::filesystem;
using acre::shared_segment;
using enum acre::segment_backend;

struct shm_options {
  std::vector<std::string> names;
  std::vector<std::string> ids;  ///< instead of names
  std::vector<std::string> placement;
  std::optional<acre::segment_backend> backend;
  std::size_t size = 0;  ///< of one that is made
  acre::segment_options how;
  acre::segment_bind_options part;
  bool eager = false;
  bool migrate = false;
  bool foreign = false;
  bool json = false;
};

/// Names, or ids.
const std::vector<std::string>& segments_in(const shm_options& o) {
  if (!o.ids.empty() && (!o.names.empty() || o.backend == posix))
    throw input_error("--id is of System V segments: instead of a name, and not with --backend posix");
  if (o.ids.empty() && o.names.empty()) throw input_error("SEGMENT, its name, or --id is required");
  return o.ids.empty() ? o.names : o.ids;
}

const std::string& segment_in(const shm_options& o) {
  const auto& all = segments_in(o);
  if (all.size() == 1) return all.front();
  throw input_error(fmt::format("--id {}: one segment at a time", fmt::join(all, ", --id ")));
}

constexpr const char* placement_help = "'interleave all', 'bind 0-1', 'blocked 0:1,1:3' ...";

acre::placement placement_in(const shm_options& o) {
  const std::string text = fmt::format("{}", fmt::join(o.placement, " "));
  if (text.find_first_not_of(' ') != text.npos) return acre::placement::parse(text);
  const char* const what = o.placement.empty() ? "required" : "empty";
  throw input_error(fmt::format("PLACEMENT is {}: {}", what, placement_help));
}

/// Who names a segment means it, whoever's it is.
acre::attach_options how_to_attach(const shm_options& o, acre::access access = acre::access::read_only) {
  return {.backend = o.backend.value_or(o.ids.empty() ? posix : sysv),
          .access = access,
          .owner = acre::segment_owner::any,
          .foreign = o.foreign ? acre::foreign_memory::accept : acre::foreign_memory::refuse};
}

/// \param code std::error_code, for what else is thrown
shared_segment attach(const shm_options& o, const std::string& segment, const acre::attach_options& how,
                      auto&... code) {
  return o.ids.empty() ? shared_segment::open(segment, how, code...)
                       : shared_segment::attach_id(std::stoi(segment), how, code...);
}

/// Which option or setting helps: the library's errors tell what is so, and their advice would be for programmers.
/// Empty where there is nothing to add.
std::string advice_on(const std::error_code& code, const shm_options& o, const std::string& segment) {
  using enum acre::errc;
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  const bool creates = o.size != 0;
  const bool is_huge =
      o.how.page_kind == acre::page_kind::huge_2mb || o.how.page_kind == acre::page_kind::huge_1gb;
  acre::attach_options how = how_to_attach(o);
  const bool is_posix = how.backend == posix;
  std::error_code ec;
  const bool is_memory = !is_posix || fs::is_regular_file(fs::symlink_status("/dev/shm/" + segment, ec));
  if (::geteuid() != 0) how.owner = acre::segment_owner::self;
  const bool may_be_typed = printable(segment) == segment;
  const bool may_remove = may_be_typed && attach(o, segment, how, ec);
  std::string name = segment;
  for (std::size_t at = 0; (at = name.find('\'', at)) != name.npos; at += 4) name.replace(at, 1, "'\\''");
  const char* const kind = !o.ids.empty() ? "--id " : is_posix ? "" : "--backend sysv ";
  const std::string removal =
      fmt::format("`acre shm remove {}{}{}'{}'` takes it away", code == not_ready ? "--foreign " : "", kind,
                  segment.starts_with('-') ? "-- " : "", name);
  const struct {
    acre::errc code;
    bool applies;
    std::string text;
  } all[] = {
      {binding_denied, true, "`acre doctor` says what to do"},
      {binding_unsupported, true, "`acre doctor` says what to do"},
      {no_space, is_posix && limit.rlim_cur != RLIM_INFINITY, "`ulimit -f` shows the limit of files"},
      {no_space, is_posix,
       "`acre shm list` shows what is there, `mount -o remount,size=...,nr_inodes=... /dev/shm` makes room, "
       "and "
       "--backend sysv has limits of its own"},
      {no_space, true,
       "`acre shm list` shows what is there, `sysctl kernel.shmmax kernel.shmall kernel.shmmni` the limits"},
      {no_huge_pages, is_huge,
       "`acre nodes` shows how many are free, writing to nr_hugepages below "
       "/sys/devices/system/node/node*/hugepages reserves more"},
      {no_huge_pages, is_posix && fs::exists("/sys/kernel/mm/transparent_hugepage"),
       "`mount -o remount,huge=advise /dev/shm` permits them"},
      {no_huge_pages, true, "`echo advise > /sys/kernel/mm/transparent_hugepage/shmem_enabled` permits them"},
      {node_full, true, "`acre nodes` shows where there is room"},
      {name_in_use, may_remove, removal},
      {invalid_argument, creates && is_posix && is_huge, "--backend sysv has them"},
      {no_such_segment, true, "`acre shm list` shows which there are"},
      {invalid_name, !creates && !is_posix, "`acre shm list` shows keys and ids (--id ID)"},
      {not_ready, may_be_typed, "where its creator is gone, " + removal},
      {foreign_segment, is_memory && !o.foreign, "--foreign takes it as it is"},
      {permission_denied, !creates && !may_remove && ::geteuid() != 0, "its owner may, and root"},
      {already_populated, true, "--migrate moves them"},
      {unsupported_placement, is_huge && !creates && !o.migrate, "--migrate does it"},
      {invalid_size, !creates, "--offset and --length say which part"},
      {invalid_alignment, !creates, "--offset and --length say which part"},
  };
  for (const auto& advice : all)
    if (advice.applies && code == advice.code) return advice.text;
  return {};
}

std::string named(const shm_options& o, const std::string& segment) {
  return o.ids.empty() ? "'" + segment + "'" : "id " + segment;
}

/// What act() returns. What the library throws is thrown with the name and with advice.
template <class Act>
auto advised(const shm_options& o, const std::string& segment, Act act) {
  try {
    return act();
  } catch (const acre::failure& f) {
    if (f.code().category() != acre::category()) throw;
    std::string what = f.what();
    if (const auto* const e = dynamic_cast<const acre::allocation_error*>(&f)) {
      const bool is_whole = e->bytes() % 1024 == 0;
      const std::string size = is_whole ? acre::format_bytes(e->bytes()) : counted(e->bytes(), "byte");
      what = fmt::format("cannot allocate {}: {}", size, e->reason());  // which has units
    } else if (what.starts_with("segment: ") && what.find(named(o, segment)) == what.npos) {
      what.insert(7, " " + named(o, segment));
    }
    const std::string advice = advice_on(f.code(), o, segment);
    throw acre::error(f.code(), what + (advice.empty() ? "" : "; " + advice));
  }
}

int create(shm_options& o) {
  const std::string& name = o.names.front();
  const acre::placement where = placement_in(o);
  o.how.backend = o.backend.value_or(posix);
  if (o.eager) o.how.commit = acre::commit::eager;
  const shared_segment made =
      advised(o, name, [&] { return shared_segment::create(name, o.size, where, o.how); });
  for (const auto& less : made.downgrades()) complain("note: " + less.text);
  const std::string id = made.id() >= 0 ? fmt::format(" id {}", made.id()) : "";
  fmt::print("{}{}: {}, {}\n", printable(name), id, acre::format_bytes_rounded(made.size()),
             made.where_text());
  if (std::fflush(stdout) != 0)
    complain(fmt::format("note: the segment was made:{}", id.empty() ? " " + name : id));
  return done;
}

/// list() passes over what it cannot look at.
void tell_what_is_not_seen() {
  for (const auto& [what, file] :
       {std::pair("files", "/dev/shm"), {"System V segments", "/proc/sysvipc/shm"}}) {
    if (::access(file, R_OK) == 0) continue;
    complain(fmt::format("note: {} are not listed: {}: {}", what, file, std::strerror(errno)));
  }
}

void print(bool as_json, const nlohmann::json& json, const std::string& text) {
  // Names of files need not be UTF-8.
  fmt::print("{}",
             as_json ? json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n' : text);
}

std::string text_of(const segment_details& s) {
  return segment_text(s, line_length_of_stdout(), style_of_stdout());
}

int list(shm_options& o) {
  tell_what_is_not_seen();
  nlohmann::json all;
  all["segments"] = nlohmann::json::array();
  std::string text;
  for (const acre::segment_info& info : shared_segment::list()) {
    all["segments"].push_back(segment_json({info}));
    text += text_of({info});
  }
  print(o.json, all, text.empty() ? wrap("no segments of acre", line_length_of_stdout(), 0) : text);
  return done;
}

int show(shm_options& o) {
  const std::string& which = segment_in(o);
  return advised(o, which, [&] {
    const shared_segment segment = attach(o, which, how_to_attach(o));
    segment_details details{segment.info()};
    try {
      const acre::check_result result = segment.check();
      details.check = result.to_string();
      details.as_placed = result.ok();
    } catch (const acre::error& e) {
      details.check = e.what();
    }
    print(o.json, segment_json(details), text_of(details));
    return done;
  });
}

int bind(shm_options& o) {
  if (!o.ids.empty()) {  // what stands in the name's place is the placement's
    o.placement.insert(o.placement.begin(), o.names.begin(), o.names.end());
    o.names.clear();
  }
  const std::string& which = segment_in(o);
  const acre::placement where = placement_in(o);
  if (o.migrate) o.part.existing = acre::existing_pages::migrate;
  return advised(o, which, [&] {
    shared_segment segment = attach(o, which, how_to_attach(o, acre::access::read_write));
    o.how.page_kind = segment.page_kind();
    const acre::migration result = segment.bind(where, o.part);
    for (const auto& less : result.downgrades) complain("note: " + less.text);
    const std::string now = segment.where_text().empty() ? where.to_string() : segment.where_text();
    fmt::print("{}: {}\n", printable(now), result.to_string());
    return result.failed() == 0 ? done : failed;
  });
}

int remove(shm_options& o) {
  int status = done;
  const acre::attach_options how = how_to_attach(o);
  for (const std::string& which : segments_in(o)) {
    try {
      advised(o, which, [&] {
        if (o.ids.empty() ? shared_segment::remove(which, how)
                          : shared_segment::remove_id(std::stoi(which), how))
          return;
        throw acre::error(acre::errc::no_such_segment, "there is no segment " + named(o, which));
      });
    } catch (const acre::failure& f) {
      complain(f.what());
      const bool is_mistake = f.code() == acre::errc::no_such_segment || f.code() == acre::errc::invalid_name;
      status = std::max<int>(status, is_mistake ? bad_input : failed);
    }
  }
  return status;
}

constexpr std::array backends{posix, sysv};
constexpr std::array page_kinds{acre::page_kind::system, acre::page_kind::transparent_huge,
                                acre::page_kind::huge_2mb, acre::page_kind::huge_1gb};

/// Takes what to_string() calls the kinds, and no other.
template <class Kinds, class Chosen>
argument_option choice(const char* name, const Kinds& kinds, const char* help, Chosen& chosen) {
  std::vector<std::string_view> words;
  for (const auto kind : kinds) words.push_back(to_string(kind));
  const auto take = [&kinds, &chosen](const std::string& text) {
    chosen = *std::ranges::find_if(kinds, [&](auto kind) { return to_string(kind) == text; });
  };
  return {{name}, fmt::format("{}", fmt::join(words, "|")), help, take};
}

taker into_bytes(std::size_t& value, std::size_t least) {
  return [=, &value](const std::string& text) {
    value = acre::parse_bytes(text);
    if (value < least) throw input_error(fmt::format("'{}' is nothing", text));
  };
}

taker into_mode(unsigned& mode) {
  return [&mode](const std::string& text) {
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, mode, 8);
    if (read.ec != std::errc{} || read.ptr != end || mode > 0777)
      throw input_error(fmt::format("'{}' is none of the octal permission bits, such as 0640", text));
  };
}

taker into_ids(std::vector<std::string>& ids) {
  return [&ids](const std::string& text) {
    int id = 0;
    into_number(id, 0, std::numeric_limits<int>::max())(text);
    ids.push_back(text);
  };
}

}  // namespace

command shm_command() {
  const auto o = std::make_shared<shm_options>();
  const argument_option backend =
      choice("--backend", backends, "a file in /dev/shm (posix); or a key, or 'private' (sysv)", o->backend);
  const argument_option id{
      {"--id"}, "ID", "a System V segment by its number, instead of a name", into_ids(o->ids)};
  const argument_option foreign{
      {"--foreign"}, "", "also memory that acre did not make, or that is damaged", into(o->foreign)};
  const argument_option json{{"--json"}, "", "write JSON", into(o->json)};
  const argument_word segment{"[SEGMENT]", "its name; not with --id", into(o->names)};
  const auto act = [o](int (*on)(shm_options&)) { return [o, on] { return on(*o); }; };
  return {
      .name = "acre shm",
      .about = "Makes, shows, places and removes shared memory segments.",
      .commands = {
          {.name = "acre shm create",
           .about = "Makes a segment, placed before its first page exists.",
           .words = {{"NAME", "of a file in /dev/shm, or a System V key", into(o->names)},
                     {"SIZE", "such as 64MiB", into_bytes(o->size, 1)},
                     {"PLACEMENT...", placement_help, into(o->placement)}},
           .options = {backend,
                       choice("--pages", page_kinds, "what it consists of (system)", o->how.page_kind),
                       {{"--mode"}, "BITS", "who may use it (0600)", into_mode(o->how.mode)},
                       {{"--eager"}, "", "all pages exist from the beginning", into(o->eager)}},
           .act = act(create)},
          {.name = "acre shm list",
           .about = "Shows the segments of acre that this user may read.",
           .options = {json},
           .act = act(list)},
          {.name = "acre shm show",
           .about = "Shows one segment, and whether its pages lie as placed.",
           .words = {segment},
           .options = {backend, id, foreign, json},
           .act = act(show)},
          {.name = "acre shm bind",
           .about = "Places a segment, or a part of it, anew.",
           .words = {segment, {"[PLACEMENT]...", placement_help, into(o->placement)}},
           .options =
               {backend,
                id,
                foreign,
                {{"--offset"}, "SIZE", "where the part begins (0)", into_bytes(o->part.offset, 0)},
                {{"--length"}, "SIZE", "how long it is; else up to the end", into_bytes(o->part.bytes, 1)},
                {{"--migrate"}, "", "pages may exist, and are moved", into(o->migrate)}},
           .act = act(bind)},
          {.name = "acre shm remove",
           .about = "Takes names away; the memory ends with its last user.",
           .words = {{"[SEGMENT]...", "names; not with --id", into(o->names)}},
           .options = {backend, id, foreign},
           .act = act(remove)}}};
}

}  // namespace acre_cli
