include(GoogleTest)

# acre_test_program(<name> <source>...): a GoogleTest binary; nothing is registered with CTest.
# Links main, GoogleMock and acre_test_support, and through it the library with its private headers.
function(acre_test_program name)
  add_executable(${name})
  target_sources(${name} PRIVATE ${ARGN})
  target_link_libraries(${name} PRIVATE acre_test_support GTest::gtest_main acre_warnings)
endfunction()

# acre_discover_tests(<binary> <suite>): one CTest "<suite>/<Suite.name>" per GoogleTest test. CMake itself sets
# SKIP_REGULAR_EXPRESSION, so GTEST_SKIP shows as skipped, which .ci/run turns into a failure.
function(acre_discover_tests binary suite)
  gtest_discover_tests(${binary}
    TEST_PREFIX "${suite}/"
    DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT 120 LABELS "${suite}")
endfunction()
