#include <acre/acre.hpp>

#include <iostream>

int main(int argc, char** argv) {
  std::cout << "acre " << acre::version() << '\n';
  return argc == 2 && acre::version() == argv[1] ? 0 : 1;
}
