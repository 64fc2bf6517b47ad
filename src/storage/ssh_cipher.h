// AES in counter mode for libssh2, at the speed that the processor has for it.
#pragma once

namespace cbtctl::storage {

// From here on libcrypto gives whoever asks for AES-128-CTR, AES-192-CTR or AES-256-CTR a cipher that makes its key
// stream ahead; what comes out of it is the same. It refuses to be copied, and to go on without a counter under a new
// key; libcrypto's random numbers are not made by it. Not where only FIPS ciphers are wanted, or libcrypto refuses:
// then its own stays. Before the first connection; again it does nothing.
void cipher_ahead();

}  // namespace cbtctl::storage
