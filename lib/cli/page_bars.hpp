// page_bars: pages per node as text bars, a colour for each node.
#pragma once

#include "cli/terminal.hpp"

#include <acre/locate.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace acre_cli {

/// One bar of exactly `width` columns: a stretch for each node with pages, as long as its share and at least
/// one column where there is room. Without colours the stretches are made of the nodes' last digits.
std::string stacked_bar(std::span<const acre::node_pages> per_node, std::size_t width,
                        const text_style& style);

/// A line for each node: "node 0  ██████      1024 pages  4 MiB  80%", at most `width` columns.
std::string bar_lines(std::span<const acre::node_pages> per_node, std::size_t page_size, std::size_t width,
                      const text_style& style);

}  // namespace acre_cli
