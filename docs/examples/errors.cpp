// What fails, how it is told, and what to do.
#include <acre/acre.hpp>

#include <iostream>
#include <memory_resource>
#include <system_error>
#include <vector>

#include "require.hpp"

namespace {

using namespace acre::literals;

/// What function() fails with.
template <class Function>
std::error_code code_of(Function function) {
  try {
    function();
  } catch (const acre::failure& f) {
    return f.code();
  }
  return {};
}

void an_error_names_the_mistake() {
  try {
    acre::area pages(acre::placement::bind({1023}));
  } catch (const acre::error& e) {
    if (e.code() == acre::errc::unknown_node) std::cout << e.what() << '\n';
    if (e.code() == std::errc::no_such_device) std::cout << "so it is in the standard's words\n";
  }

  const std::error_code code = code_of([] { acre::area pages(acre::placement::bind({1023})); });
  require(code == acre::errc::unknown_node, "the code says which error");
  require(code == acre::make_error_code(acre::errc::unknown_node) && code.category() == acre::category(),
          "it is in acre's category");
  require(code == std::errc::no_such_device, "and compares with the standard's conditions");
}

void lack_of_memory_is_a_bad_alloc() {
  acre::area pages(acre::placement::local());
  try {
    std::pmr::vector<char> data(std::size_t{1} << 50, &pages);
  } catch (const acre::allocation_error& e) {  // a std::bad_alloc
    std::cout << e.what() << '\n';
  }

  try {
    pages.deallocate(pages.allocate(1'000'000_GiB), 1'000'000_GiB);
    require(false, "no machine has that much");
  } catch (const acre::allocation_error& e) {
    require(e.code() == acre::errc::out_of_memory, "the code says why");
    require(e.code() == std::errc::not_enough_memory, "and compares with the standard's conditions");
    require(e.bytes() == 1'000'000_GiB, "it says how much was asked");
  }
}

void the_same_without_exceptions() {
  acre::mapping pages(1 << 20);
  std::error_code ec;
  acre::apply(pages.data(), pages.size(), acre::placement::bind({1023}), ec);
  if (ec == acre::errc::unknown_node) std::cout << ec.message() << '\n';

  require(ec == acre::errc::unknown_node, "the twin reports the code");
  acre::prefault(pages.data(), pages.size(), ec);
  require(!ec, "success clears it");
  const acre::residency where = acre::locate(pages.data(), pages.size(), ec);
  require(!ec && where.untouched == 0, "every page is there");
  acre::pool_resource* const pool = acre::resource_for(acre::placement::bind({1023}), ec);
  require(ec == acre::errc::unknown_node && pool == nullptr, "what a twin gives with an error is empty");
}

void one_catch_for_all() {
  for (const char* text : {"bind 1023", "interleave 0-x"}) {
    try {
      acre::area pages(acre::placement::parse(text));
    } catch (const acre::failure& f) {  // an error, or an allocation_error
      std::cout << f.what() << " [" << f.code().message() << "]\n";
    }
  }

  require(code_of([] { (void)acre::placement::parse("interleave 0-x"); }) == acre::errc::invalid_text,
          "the text is wrong");
}

void where_binding_is_denied() {
  acre::area pages(acre::placement::local(), {.on_denied = acre::on_denied::unbound});
  const acre::area_status status = pages.status();
  if (!status.as_asked()) std::cout << status << '\n';  // what was asked, what it is, and why
}

void a_full_node_is_an_exception() {
  const acre::topology& machine = acre::topology::system();
  const acre::node_id node = machine.default_nodes().first();
  acre::area pages(acre::placement::bind({node}), {.commit = acre::commit::eager});
  const std::size_t too_much = machine.capacity(node).value_or(0) + 1_GiB;
  try {
    void* const p = pages.allocate(too_much);
    pages.deallocate(p, too_much);
    require(false, "more than the node has");
  } catch (const acre::allocation_error& e) {
    std::cout << e.what() << '\n';
    require(e.code() == std::errc::not_enough_memory, "an exception, not a signal");
  }
}

}  // namespace

int main() {
  an_error_names_the_mistake();
  lack_of_memory_is_a_bad_alloc();
  the_same_without_exceptions();
  one_catch_for_all();
  where_binding_is_denied();
  a_full_node_is_an_exception();
}
