// print_json: a JSON value is written as one value, not compared element by element.
#pragma once

#include <boost/mpl/bool.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

template <>
struct boost::unit_test::is_forward_iterable<nlohmann::json> : boost::mpl::false_ {};

template <>
struct boost::unit_test::is_forward_iterable<nlohmann::ordered_json> : boost::mpl::false_ {};
