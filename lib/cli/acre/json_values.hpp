// json_values: how values are written that nlohmann/json does not know by itself.
#pragma once

#include "cli/acre/system_files.hpp"

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

namespace acre_cli {

template <class Json>
void to_json(Json& json, const huge_pool& pool) {
  json = {{"page_size", pool.page_size}, {"total", pool.total}, {"free", pool.free}};
}

}  // namespace acre_cli
