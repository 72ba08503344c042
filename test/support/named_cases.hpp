// named_cases: names for the cases that Boost.Test makes of a data set or a list of types. It would call them _0, _1,
// or by mangled types; what CTest and people know them by must not change with a row's place.
#pragma once

#include <boost/test/tree/traverse.hpp>
#include <boost/test/tree/visitor.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cctype>
#include <concepts>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace acre::test {

/// Of a suite: the n-th case of each BOOST_DATA_TEST_CASE in it bears the n-th name, and so does the n-th of each
/// BOOST_AUTO_TEST_CASE_TEMPLATE, between angle brackets.
///   BOOST_AUTO_TEST_SUITE(segments, *test::named_cases(test::all_ways))
class named_cases : public boost::unit_test::decorator::base {
 public:
  explicit named_cases(std::vector<std::string> names) : x_names(std::move(names)) {}

  /// Names that are printed as themselves.
  template <class Range>
  requires(!std::convertible_to<Range, std::vector<std::string>>) explicit named_cases(const Range& values) {
    for (const auto& value : values) {
      std::ostringstream out;
      out << value;
      x_names.push_back(out.str());
    }
  }

 private:
  class renaming : public boost::unit_test::test_tree_visitor {
   public:
    explicit renaming(const std::vector<std::string>& names) : x_names(names) {}

   private:
    bool test_suite_start(const boost::unit_test::test_suite& suite) override {
      // Boost.Test would make the cases of a data set after this.
      const_cast<boost::unit_test::test_suite&>(suite).generate();
      return true;
    }
    void visit(const boost::unit_test::test_case& unit) override {
      const std::string& name = unit.p_name.get();
      std::string& renamed = const_cast<boost::unit_test::test_case&>(unit).p_name.value;
      const std::size_t bracket = name.find('<');
      if (bracket != std::string::npos) {
        const std::string of = name.substr(0, bracket);
        renamed = of + '<' + selectable(x_names.at(x_types_seen[of]++)) + '>';
      } else if (name.size() > 1 && name[0] == '_' &&
                 std::isdigit(static_cast<unsigned char>(name[1])) != 0) {
        renamed = selectable(x_names.at(std::stoul(name.substr(1))));
      }
    }

    /// Without what means something to --run_test, to `ctest -R`, or to a shell.
    static std::string selectable(std::string name) {
      std::ranges::replace_if(
          name,
          [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '='; },
          '_');
      return name;
    }

    const std::vector<std::string>& x_names;
    std::map<std::string, std::size_t> x_types_seen;
  };

  void apply(boost::unit_test::test_unit& suite) override {
    renaming visitor(x_names);
    boost::unit_test::traverse_test_tree(suite.p_id, visitor, true);
  }
  boost::unit_test::decorator::base_ptr clone() const override {
    return boost::unit_test::decorator::base_ptr(new named_cases(*this));
  }

  std::vector<std::string> x_names;
};

}  // namespace acre::test
