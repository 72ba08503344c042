// What else the kernel was asked to do: threads, looking, moving, interleaving.
#include "cli/acre/doctor/findings.hpp"

#include <fmt/format.h>

namespace acre_cli {
namespace {

struct attempt {
  const char* id;
  const char* works;
  const char* fails;
  const char* remedy;
};

constexpr attempt of_threads = {
    "thread_binding", "Threads can be bound, and programs by `acre run`",
    "Threads cannot be bound: neither thread_binding nor `acre run` work",
    "In a container, allow set_mempolicy and get_mempolicy (docker run --cap-add=SYS_NICE)."};
constexpr attempt of_looking = {
    "locating", "The kernel tells where pages lie",
    "The kernel does not tell where pages lie: locate and check do not work, or by mapping only",
    "In a container, allow get_mempolicy (docker run --cap-add=SYS_NICE), or better move_pages, in the "
    "seccomp "
    "profile: Docker's default profile refuses that whatever the capabilities (docker run --security-opt "
    "seccomp=FILE, where FILE has {\"names\": [\"move_pages\"], \"action\": \"SCMP_ACT_ALLOW\"} among its "
    "\"syscalls\")."};
constexpr attempt of_moving = {"migrating", "Pages can be moved",
                               "Pages cannot be moved: migrate does not work",
                               "In a container, allow mbind (docker run --cap-add=SYS_NICE) and move_pages "
                               "(docker run --security-opt seccomp=FILE) in the seccomp profile."};
constexpr attempt of_moving_processes = {
    "moving_processes", "Pages of processes can be moved by `acre move`",
    "Pages of processes cannot be moved: neither move_process nor `acre move` work",
    "In a container, allow migrate_pages in the seccomp profile."};
constexpr attempt of_interleaving = {"interleaving", "Memory can be interleaved by page",
                                     "Memory cannot be interleaved by page",
                                     "Interleave by chunks: they need no more than bind."};

void judge_attempt(const std::optional<trial>& tried, const attempt& a, std::vector<finding>& findings) {
  if (!tried) return;
  if (tried->result == outcome::works) {
    findings.push_back({a.id, finding_level::ok, fmt::format("{}.", a.works), ""});
    return;
  }
  const std::string why = tried->why.empty() ? "" : " (" + tried->why + ")";
  findings.push_back({a.id, finding_level::warning, fmt::format("{}{}.", a.fails, why), a.remedy});
}

}  // namespace

void judge_calls(const doctor_facts& facts, std::vector<finding>& findings) {
  judge_attempt(facts.interleave, of_interleaving, findings);
  judge_attempt(facts.thread_binding, of_threads, findings);
  judge_attempt(facts.locating, of_looking, findings);
  judge_attempt(facts.migrating, of_moving, findings);
  judge_attempt(facts.moving_processes, of_moving_processes, findings);
}

}  // namespace acre_cli
