// Owning what a C library makes, with a std::unique_ptr.
#pragma once

namespace holdfast {

/// The deleter that calls `Function`: std::unique_ptr<nl_sock, FreeWith<nl_socket_free>>.
template <auto Function>
struct FreeWith {
  template <typename T>
  void operator()(T* pointer) const {
    Function(pointer);
  }
};

}  // namespace holdfast
