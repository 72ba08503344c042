#include <acre/error.hpp>

#include <cerrno>
#include <charconv>
#include <mutex>
#include <optional>

#include "sys/pages.hpp"
#include "topology/machine.hpp"

namespace acre::inline v1 {
namespace {

[[noreturn]] void fail(const std::string& what, int errno_value) {
  std::string message = "hwloc cannot load " + what;
  if (errno_value != 0) message += ": " + std::generic_category().message(errno_value);
  throw error(errc::topology_failed, message);
}

hwloc_handle new_handle(const std::string& what) {
  hwloc_topology_t t = nullptr;
  if (hwloc_topology_init(&t) != 0) fail(what, errno);
  return hwloc_handle(t);
}

/// \param more flags of hwloc
void load_into(hwloc_topology_t t, const std::string& what, unsigned long more = 0) {
  // The second flag turns off the x86 backend, which moves the calling thread from CPU to CPU and finds
  // nothing about memory that Linux does not tell.
  const unsigned long flags =
      HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED | HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING | more;
  errno = 0;
  if (hwloc_topology_set_flags(t, flags) != 0 ||
      hwloc_topology_set_all_types_filter(t, HWLOC_TYPE_FILTER_KEEP_NONE) != 0 ||
      hwloc_topology_set_type_filter(t, HWLOC_OBJ_PACKAGE, HWLOC_TYPE_FILTER_KEEP_ALL) != 0 ||
      // A node that is less than a package needs a group around its CPUs, or hwloc gives it the package's.
      hwloc_topology_set_type_filter(t, HWLOC_OBJ_GROUP, HWLOC_TYPE_FILTER_KEEP_STRUCTURE) != 0 ||
      hwloc_topology_load(t) != 0)
    fail(what, errno);
  // Distances and attributes are put in order at the first question otherwise, which would be a race.
  hwloc_topology_refresh(t);
}

/// hwloc (2.9, topology-linux.c) remembers in a plain static whether the kernel has MPOL_PREFERRED_MANY. It
/// is written by the first soft binding: done here once, before threads bind at the same time.
void settle_soft_binding(hwloc_topology_t t) noexcept {
  static std::once_flag once;
  std::call_once(once, [t] {
    const std::size_t bytes = sys::page_size();
    const sys::map_result page = sys::map({.bytes = bytes});
    if (page.error != 0) return;
    // A failure says what apply() will find out by itself.
    hwloc_set_area_membind(t, page.data, bytes, hwloc_topology_get_allowed_nodeset(t), HWLOC_MEMBIND_BIND,
                           HWLOC_MEMBIND_BYNODESET);
    sys::unmap(page.data, bytes);
  });
}

}  // namespace

topology topology::load() {
  const std::string what = "this machine";
  hwloc_handle handle = new_handle(what);
  // For a file that is said to be of this machine (HWLOC_THISSYSTEM): which of its CPUs are allowed is not the file's
  // to say.
  load_into(handle.get(), what, HWLOC_TOPOLOGY_FLAG_THISSYSTEM_ALLOWED_RESOURCES);
  // HWLOC_XMLFILE and the like make hwloc show another machine.
  const bool here = hwloc_topology_is_thissystem(handle.get()) != 0;
  if (here) settle_soft_binding(handle.get());
  return topology(std::make_shared<const snapshot>(snapshot{read_machine(std::move(handle), here)}));
}

namespace {

/// The major version that hwloc's root element names: <topology version="3.0">; nothing where it names none, as those
/// of hwloc 1.
std::optional<unsigned> xml_version(std::string_view xml) {
  const std::size_t root = xml.find("<topology ");
  if (root == xml.npos) return std::nullopt;
  std::string_view element = xml.substr(root, xml.find('>', root) - root);
  constexpr std::string_view name = " version=\"";
  const std::size_t at = element.find(name);
  if (at == xml.npos) return std::nullopt;
  element.remove_prefix(at + name.size());
  unsigned version = 0;
  const auto [end, failure] = std::from_chars(element.data(), element.data() + element.size(), version);
  return failure == std::errc{} ? std::optional(version) : std::nullopt;
}

/// hwloc 2 says "Invalid argument" of what a later one has written.
void require_readable(std::string_view xml, const std::string& what) {
  const unsigned readable = hwloc_get_api_version() >> 16;
  const auto version = xml_version(xml);
  if (!version || *version <= readable) return;
  const std::string newer = "hwloc " + std::to_string(*version);
  throw error(errc::topology_failed, "hwloc cannot load " + what + ": it is the format of " + newer +
                                         ", and this is hwloc " + std::to_string(readable) + "; acre with " +
                                         newer +
                                         " reads it, or write it anew with HWLOC_TOPOLOGY_EXPORT_XML_FLAG_V" +
                                         std::to_string(readable) + " (lstopo --export-xml-flags v" +
                                         std::to_string(readable) + ")");
}

}  // namespace

topology topology::from_xml(std::string_view xml) {
  const std::string what = "a machine from XML";
  const std::string text(xml);
  require_readable(xml, what);
  hwloc_handle handle = new_handle(what);
  // hwloc counts the terminating zero.
  if (hwloc_topology_set_xmlbuffer(handle.get(), text.c_str(), static_cast<int>(text.size()) + 1) != 0)
    fail(what, errno);
  load_into(handle.get(), what);
  return topology(std::make_shared<const snapshot>(snapshot{read_machine(std::move(handle), false)}));
}

topology topology::from_synthetic(std::string_view description) {
  const std::string text(description);
  const std::string what = "the synthetic machine '" + text + "'";
  hwloc_handle handle = new_handle(what);
  if (hwloc_topology_set_synthetic(handle.get(), text.c_str()) != 0) fail(what, errno);
  load_into(handle.get(), what);
  return topology(std::make_shared<const snapshot>(snapshot{read_machine(std::move(handle), false)}));
}

const topology& topology::system() {
  static const topology* const the_system = new topology(load());
  return *the_system;
}

}  // namespace acre::inline v1
