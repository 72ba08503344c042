// ACRE_API marks what the shared library exports; everything else is hidden.
#pragma once

#if defined(ACRE_STATIC_DEFINE)
#define ACRE_API
#else
#define ACRE_API __attribute__((visibility("default")))
#endif
