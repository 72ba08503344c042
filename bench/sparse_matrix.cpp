// A whole program: a sparse matrix is built row by row, multiplied by vectors and by itself, and freed; by as many
// threads as OpenMP gives, which frees with one.
#include <algorithm>
#include <utility>

#include "whole_job.hpp"

namespace {

struct entry {
  std::uint32_t column;
  double value;
};
using row = std::pmr::vector<entry>;
using matrix = std::pmr::vector<row>;
using column_vector = std::pmr::vector<double>;

/// Half of what is not zero is near the diagonal. All values are whole numbers: sums are exact in any order.
void fill(row& to, std::size_t at, std::size_t size) {
  bench::random_numbers random(at);
  for (std::size_t left = 4 + random.below(20); left != 0; --left) {
    const std::size_t column = left % 2 == 0 ? random.below(size) : (at + random.below(64)) % size;
    to.push_back({static_cast<std::uint32_t>(column), static_cast<double>(1 + random.below(9))});
  }
  std::sort(to.begin(), to.end(), [](entry a, entry b) { return a.column < b.column; });
}

matrix build(std::size_t size, std::pmr::memory_resource& memory) {
  matrix built(size, &memory);
#pragma omp parallel for schedule(dynamic, 256)
  for (std::size_t at = 0; at < size; ++at) fill(built[at], at, size);
  return built;
}

column_vector product(const matrix& a, const column_vector& x) {
  column_vector y(a.size(), x.get_allocator());
#pragma omp parallel for schedule(dynamic, 256)
  for (std::size_t at = 0; at < a.size(); ++at) {
    for (const entry e : a[at]) y[at] += e.value * x[e.column];
  }
  return y;
}

matrix product(const matrix& a, const matrix& b) {
  matrix c(a.size(), a.get_allocator());
#pragma omp parallel
  {
    column_vector sums(b.size(), a.get_allocator());  // of one row, and zero between rows
#pragma omp for schedule(dynamic, 256)
    for (std::size_t at = 0; at < a.size(); ++at) {
      row& to = c[at];
      for (const entry e : a[at]) {
        for (const entry f : b[e.column]) {
          if (sums[f.column] == 0) to.push_back({f.column, 0});
          sums[f.column] += e.value * f.value;
        }
      }
      for (entry& e : to) e.value = std::exchange(sums[e.column], 0);
      std::sort(to.begin(), to.end(), [](entry left, entry right) { return left.column < right.column; });
    }
  }
  return c;
}

std::uint64_t sum_of(const column_vector& x) {
  std::uint64_t sum = 0;
  for (const double value : x) sum = sum * 31 + static_cast<std::uint64_t>(value);
  return sum;
}

std::uint64_t run(std::size_t size, std::size_t rounds, std::pmr::memory_resource& memory) {
  const matrix a = build(size, memory);
  std::uint64_t sum = 0;
  column_vector x(size, &memory);
  for (std::size_t round = 0; round != rounds; ++round) {
    for (std::size_t i = 0; i != size; ++i) x[i] = static_cast<double>((i + round) % 10);
    sum = sum * 31 + sum_of(product(a, x));
  }
  const matrix square = product(a, a);
  for (const row& of : square) sum = sum * 31 + of.size();
  return sum * 31 + sum_of(product(square, x));
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  const std::size_t size = smoke ? 2000 : 200'000;
  const std::size_t rounds = smoke ? 2 : 20;
  job_rows(
      "sparse_matrix/build, multiply, free", block_peers(2),
      smoke ? 1756505383228233553U : 3355754887597063026U, size * 4096,
      [=](std::pmr::memory_resource& memory) { return [=, &memory] { return run(size, rounds, memory); }; });
}
