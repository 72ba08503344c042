#include <acre/error.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace acre::inline v1 {
namespace {

const char* text_of(errc e) noexcept {
  switch (e) {
    case errc::invalid_text:
      return "the text cannot be parsed";
    case errc::empty_node_set:
      return "the set of nodes is empty";
    case errc::unknown_node:
      return "the machine has no such node";
    case errc::node_without_memory:
      return "the node has no memory";
    case errc::node_not_allowed:
      return "the process may not use memory of this node";
    case errc::invalid_chunk:
      return "a chunk needs at least one byte";
    case errc::invalid_weights:
      return "the weights are missing, out of range or name a node twice";
    case errc::invalid_function:
      return "the function from pages to nodes is missing or leaves its set of nodes";
    case errc::invalid_size:
      return "no range can have this size";
    case errc::invalid_alignment:
      return "the alignment is not possible here";
    case errc::invalid_argument:
      return "an argument is outside its range";
    case errc::address_in_use:
      return "the address is taken by another mapping";
    case errc::not_mapped:
      return "the range is not mapped";
    case errc::unsupported_placement:
      return "the kernel cannot keep this placement";
    case errc::too_many_ranges:
      return "the placement needs more separate ranges than a process may have";
    case errc::foreign_topology:
      return "the topology describes another machine";
    case errc::binding_denied:
      return "the kernel refuses to bind memory";
    case errc::binding_unsupported:
      return "memory cannot be bound on this system";
    case errc::node_full:
      return "the nodes have no room left";
    case errc::out_of_memory:
      return "there is no memory left";
    case errc::no_huge_pages:
      return "no huge pages of this size are available";
    case errc::pool_limit:
      return "the pool may take no more memory";
    case errc::lock_limit:
      return "the process may not lock this much memory";
    case errc::topology_failed:
      return "the topology of the machine could not be loaded";
    case errc::invalid_name:
      return "a segment cannot have this name";
    case errc::name_in_use:
      return "a segment of this name exists";
    case errc::no_such_segment:
      return "there is no such segment";
    case errc::not_ready:
      return "the segment is still being created";
    case errc::foreign_segment:
      return "the segment is not one of acre's, or damaged";
    case errc::size_differs:
      return "the segment exists with another size";
    case errc::not_sealed:
      return "the segment could be shrunk by others";
    case errc::already_populated:
      return "pages exist there already";
    case errc::no_space:
      return "there is no space for the segment";
    case errc::permission_denied:
      return "the process has not the right to do this";
    case errc::no_such_process:
      return "there is no such process";
    case errc::wrong_thread:
      return "the binding belongs to another thread";
    case errc::group_shared:
      return "other processes would be restricted, too";
  }
  return "unknown error";
}

std::errc nearest(errc e) noexcept {
  switch (e) {
    case errc::invalid_text:
    case errc::empty_node_set:
    case errc::invalid_chunk:
    case errc::invalid_weights:
    case errc::invalid_function:
    case errc::invalid_size:
    case errc::invalid_alignment:
    case errc::invalid_argument:
    case errc::invalid_name:
    case errc::foreign_segment:
    case errc::size_differs:
    case errc::already_populated:
      return std::errc::invalid_argument;
    case errc::unknown_node:
    case errc::foreign_topology:
      return std::errc::no_such_device;
    case errc::node_without_memory:
      return std::errc::no_such_device_or_address;
    case errc::node_not_allowed:
      return std::errc::argument_out_of_domain;
    case errc::address_in_use:
    case errc::name_in_use:
      return std::errc::file_exists;
    case errc::not_mapped:
      return std::errc::bad_address;
    case errc::unsupported_placement:
      return std::errc::operation_not_supported;
    case errc::too_many_ranges:
      return std::errc::argument_list_too_long;
    case errc::binding_denied:
      return std::errc::operation_not_permitted;
    case errc::binding_unsupported:
      return std::errc::function_not_supported;
    case errc::node_full:
    case errc::out_of_memory:
    case errc::no_huge_pages:
    case errc::pool_limit:
      return std::errc::not_enough_memory;
    case errc::lock_limit:
    case errc::not_ready:
      return std::errc::resource_unavailable_try_again;
    case errc::topology_failed:
      return std::errc::io_error;
    case errc::no_such_segment:
      return std::errc::no_such_file_or_directory;
    case errc::not_sealed:
    case errc::permission_denied:
      return std::errc::permission_denied;
    case errc::no_space:
      return std::errc::no_space_on_device;
    case errc::no_such_process:
      return std::errc::no_such_process;
    case errc::wrong_thread:
      return std::errc::operation_not_permitted;
    case errc::group_shared:
      return std::errc::device_or_resource_busy;
  }
  return std::errc{};
}

class acre_category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "acre"; }
  std::string message(int value) const override { return text_of(static_cast<errc>(value)); }
  std::error_condition default_error_condition(int value) const noexcept override {
    const std::errc e = nearest(static_cast<errc>(value));
    return e == std::errc{} ? std::error_condition(value, *this) : std::make_error_condition(e);
  }
};

// A message of acre's own says all that its code says; an errno value it does not explain.
std::string compose(std::error_code code, const std::string& message) {
  if (message.empty()) return code.message();
  return code.category() == category() ? message : message + ": " + code.message();
}

/// Writes into a buffer of fixed size, always terminated, and drops what does not fit.
class writer {
 public:
  writer(char* begin, std::size_t size) noexcept : x_begin(begin), x_at(begin), x_last(begin + size - 1) {
    *x_at = '\0';
  }

  std::size_t size() const noexcept { return static_cast<std::size_t>(x_at - x_begin); }

  writer& operator<<(std::string_view s) noexcept {
    const std::size_t n = std::min(s.size(), static_cast<std::size_t>(x_last - x_at));
    x_at = std::copy_n(s.data(), n, x_at);
    *x_at = '\0';
    return *this;
  }

 private:
  char* x_begin;
  char* x_at;
  char* x_last;
};

}  // namespace

const std::error_category& category() noexcept {
  // Never destroyed: error codes may be looked at in destructors of statics.
  static const acre_category& the_category = *new acre_category;
  return the_category;
}

// Here, so that the type has one place in all shared libraries and is caught across them.
failure::~failure() = default;

error::error(std::error_code code, const std::string& message)
    : std::system_error(code), x_text(compose(code, message)) {}

error::error(errc code, const std::string& message) : error(make_error_code(code), message) {}

allocation_error::allocation_error(std::error_code code, std::size_t bytes, std::string_view where,
                                   std::string_view reason) noexcept
    : x_code(code), x_bytes(bytes) {
  char digits[20];
  const char* const end = std::to_chars(std::begin(digits), std::end(digits), bytes).ptr;
  writer text(x_text, sizeof x_text);
  text << "cannot allocate " << std::string_view(digits, static_cast<std::size_t>(end - digits))
       << (bytes == 1 ? " byte" : " bytes");
  if (!where.empty()) text << " (" << where << ")";
  if (!reason.empty()) text << ": ";
  x_reason = text.size();
  text << reason;
}

}  // namespace acre::inline v1
