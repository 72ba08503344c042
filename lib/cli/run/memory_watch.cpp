#include "cli/run/memory_watch.hpp"

#include "process/process_files.hpp"
#include "process/shared_pages.hpp"

#include <acre/binding_of.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <ctime>
#include <map>
#include <string>

namespace acre_cli {
namespace {

using namespace std::chrono_literals;

/// Not time on the clock: on a busy machine a look waits, and costs nothing meanwhile.
watch_clock::duration cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

watch_clock::duration until_next_look(watch_clock::duration elapsed, watch_clock::duration spent) {
  constexpr watch_clock::duration allowance = 20ms;
  constexpr int share = 50;
  const watch_clock::duration affordable = std::min((spent - allowance) * share - elapsed, 4 * elapsed);
  const watch_clock::duration wanted =
      std::min<watch_clock::duration>(100ms, std::max<watch_clock::duration>(1ms, elapsed / 4));
  return std::max(affordable, wanted);
}

memory_watch::memory_watch(int pid) : x_pid(pid), x_can_see(acre::proc_has_own_numbers()) {}

watch_clock::duration memory_watch::due() const { return x_next - watch_clock::now(); }

void memory_watch::look() {
  if (!x_can_see) {
    x_next = watch_clock::now() + std::chrono::hours(1);
    return;
  }
  const auto begin = cpu_time();
  memory_peak seen;
  seen.at = elapsed();
  std::map<acre::node_id, std::size_t> pages;
  for (const int pid : acre::process_tree(x_pid)) {
    std::error_code ec;
    const acre::process_binding binding = acre::binding_of(pid, ec);
    if (pid == x_pid && ec && ec != acre::errc::no_such_process) x_error = ec;
    if (ec || binding.per_node.empty()) continue;
    const acre::process_pages found = acre::pages_of(binding);
    for (const auto& n : found.per_node) pages[n.node] += n.pages;
    if (pid == x_pid && binding.own) seen.policy = binding.own->to_string();
    seen.page_size = binding.page_size;
    seen.mapped += found.mapped;
    x_largest = std::max<std::uint64_t>(x_largest, std::uint64_t{found.mapped} * binding.page_size);
    ++seen.processes;
  }
  for (const auto& [node, count] : pages) {
    seen.per_node.push_back({node, count});
    seen.pages += count;
  }
  if (seen.pages > 0) {
    ++x_looks;
    if (!x_peak || seen.pages > x_peak->pages) x_peak = std::move(seen);
  }
  x_spent += cpu_time() - begin;
  x_next = watch_clock::now() + until_next_look(elapsed(), x_spent);
}

}  // namespace acre_cli
