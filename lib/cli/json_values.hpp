// json_values: how values are written that nlohmann/json does not know by itself.
#pragma once

#include "process/system_files.hpp"

#include <acre/locate.hpp>

#include <nlohmann/json.hpp>

#include <optional>

/// What is not known is null.
template <class Value>
struct nlohmann::adl_serializer<std::optional<Value>> {
  template <class Json>
  static void to_json(Json& json, const std::optional<Value>& value) {
    json = value ? Json(*value) : Json();
  }
};

template <>
struct nlohmann::adl_serializer<acre::node_pages> {
  template <class Json>
  static void to_json(Json& json, const acre::node_pages& n) {
    json = {{"node", n.node}, {"pages", n.pages}};
  }
};

template <>
struct nlohmann::adl_serializer<acre::huge_pool> {
  template <class Json>
  static void to_json(Json& json, const acre::huge_pool& pool) {
    json = {{"page_size", pool.page_size}, {"total", pool.total}, {"free", pool.free}};
  }
};

template <>
struct nlohmann::adl_serializer<acre::memory_limit> {
  template <class Json>
  static void to_json(Json& json, const acre::memory_limit& l) {
    json = {{"limit", l.limit}, {"used", l.used}};
  }
};
