# Doxygen's filter of headers. Each is a group of its own, for a group is what Breathe shows. Names are as programs see
# them: acre::area, for the inline namespace v1 is for the linker; pools are resources and have allocate() and
# deallocate(), which they take from bases in acre::detail.
FNR == 1 {
  header = FILENAME
  sub(/.*\/include\//, "", header)
  group = header
  gsub(/[^a-z]/, "_", group)
  printf "/** \\defgroup %s %s */ ", group, header
}
/^}  \/\/ namespace acre/ { printf "/** @} */ " }
{
  sub(/::inline v1/, "")
  sub(/: public detail::(node_pools|pool)_front_end/, ": public resource")
  sub(/friend class detail::.*/, "")
  default_alignment = "std::size_t alignment = alignof(std::max_align_t)"
  sub(/using detail::.*::allocate/, "[[nodiscard]] void* allocate(std::size_t bytes, " default_alignment ")")
  sub(/using detail::.*::deallocate/, "void deallocate(void* p, std::size_t bytes, " default_alignment ") noexcept")
}
/^namespace acre/ { $0 = $0 " /** \\addtogroup " group " \\ilinebr @{ */" }
{ print }
