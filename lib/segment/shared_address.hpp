// shared_address: where a segment may lie in all processes.
#pragma once

namespace acre::inline v1 {

/// An address for all processes: from a range where the kernel puts nothing by itself (programs lie above 0x55..., maps
/// below the stack at 0x7f..., AddressSanitizer's shadow lower), at random, so that segments do not meet. A hint: where
/// there are no such addresses or, as under ThreadSanitizer, all are taken, the kernel chooses another.
void* shared_address() noexcept;

}  // namespace acre::inline v1
