#include <acre/error.hpp>

#include <charconv>
#include <limits>
#include <utility>

#include "segment/segment_object.hpp"

namespace acre::inline v1 {
namespace {

constexpr std::size_t longest_file_name = 255;  // NAME_MAX
constexpr std::size_t longest_label = 249;      // memfd_create(2)

[[noreturn]] void reject(std::string_view name, const std::string& why) {
  throw error(errc::invalid_name, "segment name '" + std::string(name) + "': " + why);
}

void require_no_zero(std::string_view name) {
  if (name.find('\0') != std::string_view::npos)
    reject(name.substr(0, name.find('\0')), "it contains a zero byte");
}

std::string file_name(std::string_view name) {
  std::string_view rest = name;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (rest.empty()) reject(name, "it is empty");
  if (rest.size() > longest_file_name) {
    throw error(errc::invalid_name, "segment name of " + std::to_string(rest.size()) + " bytes, at most " +
                                        std::to_string(longest_file_name) + " are possible");
  }
  if (rest.find('/') != std::string_view::npos) reject(name, "a '/' is possible in front only");
  if (rest == "." || rest == "..") reject(name, "a directory");
  require_no_zero(rest);
  return std::string(rest);
}

std::string label(std::string_view name) {
  if (name.size() > longest_label) {
    throw error(errc::invalid_name, "segment label of " + std::to_string(name.size()) +
                                        " bytes, memfd takes at most " + std::to_string(longest_label));
  }
  require_no_zero(name);
  return std::string(name);
}

key_t key_of(std::string_view name) {
  if (name == "private") return 0;
  const bool hex = name.starts_with("0x") || name.starts_with("0X");
  const std::string_view digits = hex ? name.substr(2) : name;
  std::uint32_t value = 0;
  const auto [end, e] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (e != std::errc{} || end != digits.data() + digits.size())
    reject(name, "a System V key is a number like 4711 or 0x41435245 below 2^32, or 'private'");
  if (value == 0) reject(name, "the key 0 is IPC_PRIVATE: 'private'");
  return static_cast<key_t>(value);
}

}  // namespace

segment_name::segment_name(segment_backend b, std::string_view name) : backend(b) {
  switch (b) {
    case segment_backend::posix:
      text = file_name(name);
      return;
    case segment_backend::memfd:
      text = label(name);
      return;
    case segment_backend::sysv:
      key = key_of(name);
      text = name;
      return;
  }
  throw error(errc::invalid_argument,
              "segment backend " + std::to_string(static_cast<int>(b)) + ", there is no such");
}

}  // namespace acre::inline v1
