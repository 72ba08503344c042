// The version of acre that a program runs with.
#include <acre/version.hpp>

#include <iostream>

int main() { std::cout << "acre " << acre::version() << '\n'; }
