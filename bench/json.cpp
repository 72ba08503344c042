// A whole program: large JSON documents are parsed by nlohmann/json, walked and freed, one after the other.
#include <nlohmann/json.hpp>

#include <memory>

#include "whole_job.hpp"

namespace {

/// Of the process: nlohmann/json makes an allocator wherever it needs one, by the default constructor.
std::pmr::memory_resource* memory = nullptr;

template <class T>
struct allocator {
  using value_type = T;
  using is_always_equal = std::true_type;

  allocator() = default;
  template <class U>
  allocator(const allocator<U>&) noexcept {}

  T* allocate(std::size_t n) { return static_cast<T*>(memory->allocate(n * sizeof(T), alignof(T))); }
  void deallocate(T* p, std::size_t n) { memory->deallocate(p, n * sizeof(T), alignof(T)); }
  friend bool operator==(allocator, allocator) { return true; }
};

using string = std::basic_string<char, std::char_traits<char>, allocator<char>>;
using json =
    nlohmann::basic_json<std::map, std::vector, string, bool, std::int64_t, std::uint64_t, double, allocator>;

void write_text(std::string& to, bench::random_numbers& random, std::size_t words) {
  static constexpr const char* some[] = {"ask",   "sea", "little",  "through",
                                         "green", "of",  "morning", "\\u00e9t\\u00e9"};
  to += '"';
  for (; words != 0; --words) to.append(some[random.below(8)]).append(words == 1 ? "" : " ");
  to += '"';
}

/// Orders of a shop.
std::string write_document(std::size_t bytes, std::uint64_t seed) {
  bench::random_numbers random(seed);
  std::string to;
  to.reserve(bytes + 8192);
  to += "{\"orders\": [";
  for (bool first = true; to.size() < bytes; first = false) {
    to.append(first ? "" : ",\n").append("{\"id\": ").append(std::to_string(random.next()));
    write_text(to += ", \"customer\": ", random, 2);
    to.append(", \"paid\": ").append(random.below(3) != 0 ? "true" : "false").append(", \"items\": [");
    for (std::size_t left = 1 + random.below(8); left != 0; --left) {
      write_text(to += "{\"name\": ", random, 1 + random.below(6));
      to.append(", \"amount\": ").append(std::to_string(1 + random.below(5)));
      to.append(", \"price\": ").append(std::to_string(random.below(10'000))).append(".25, \"tags\": [");
      for (std::size_t tags = random.below(4); tags != 0; --tags) {
        write_text(to, random, 1);
        if (tags != 1) to += ", ";
      }
      to += left == 1 ? "]}" : "]}, ";
    }
    write_text(to += "], \"note\": ", random, random.below(40));
    to.append(", \"ship\": {\"zip\": null, \"position\": [").append(std::to_string(random.below(180)));
    to.append(".5, -").append(std::to_string(random.below(90))).append(".5]}}");
  }
  return to += "]}";
}

std::uint64_t walk(const json& value) {
  std::uint64_t sum = static_cast<std::uint64_t>(value.type());
  switch (value.type()) {
    case json::value_t::object:
      for (const auto& [key, member] : value.get_ref<const json::object_t&>())
        sum = sum * 31 + key.size() + walk(member);
      break;
    case json::value_t::array:
      for (const json& element : value) sum = sum * 31 + walk(element);
      break;
    case json::value_t::string:
      for (const char c : value.get_ref<const string&>()) sum += static_cast<unsigned char>(c);
      break;
    case json::value_t::number_unsigned:
      sum += value.get<std::uint64_t>();
      break;
    case json::value_t::number_float:
      sum += static_cast<std::uint64_t>(value.get<double>() * 4 + 1000);
      break;
    case json::value_t::boolean:
      sum += value.get<bool>() ? 1 : 0;
      break;
    default:
      break;
  }
  return sum;
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  const std::size_t bytes = smoke ? 300'000 : 25'000'000;
  const std::size_t count = smoke ? 2 : 6;
  job_rows("json/parse, walk, free", block_peers(), smoke ? 15037694636769070831U : 17168877240179514057U,
           bytes * 12, [=](std::pmr::memory_resource& by) {
             memory = &by;
             const auto documents = std::make_shared<std::vector<std::string>>();
             for (std::size_t i = 0; i != count; ++i) documents->push_back(write_document(bytes, i));
             return [=] {
               std::uint64_t sum = 0;
               for (const std::string& document : *documents) sum = sum * 31 + walk(json::parse(document));
               return sum;
             };
           });
}
