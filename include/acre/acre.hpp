// All of acre.
#pragma once

#include <acre/export.hpp>
#include <acre/version.hpp>
