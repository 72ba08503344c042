# Doxygen's filter: what a header declares is a group, for Breathe shows groups; and names have no v1 in them, as in programs.
FNR == 1 {
  header = FILENAME
  sub(/.*\/include\//, "", header)
  group = header
  gsub(/[^a-z]/, "_", group)
  printf "/** \\defgroup %s %s */ ", group, header
}
/^}  \/\/ namespace acre/ { printf "/** @} */ " }
{ sub(/::inline v1/, "") }
/^namespace acre/ { $0 = $0 " /** \\addtogroup " group " \\ilinebr @{ */" }
{ print }
