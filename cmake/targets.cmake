# How targets are made here: `holdfast_library` for adapters, `holdfast_core` for pure code.
# A core cannot include Asio, libnl, libmnl or OpenSSL: for each of their headers a file of the
# same name that says #error stands first in a core's include path.

find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(tl-expected REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json program_options)
pkg_check_modules(NL REQUIRED IMPORTED_TARGET libnl-3.0)
pkg_check_modules(NLGENL REQUIRED IMPORTED_TARGET libnl-genl-3.0)
pkg_check_modules(MNL REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(NFTNL REQUIRED IMPORTED_TARGET libnftnl)
pkg_check_modules(IPTC REQUIRED IMPORTED_TARGET libip4tc libip6tc)
pkg_check_modules(IPSET REQUIRED IMPORTED_TARGET libipset)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(CAPNG REQUIRED IMPORTED_TARGET libcap-ng)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle)
find_package(OpenSSL 3 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)

set(HOLDFAST_FORBIDDEN ${CMAKE_BINARY_DIR}/forbidden)
foreach(pattern boost/asio.hpp boost/asio/*.hpp boost/beast.hpp boost/beast/*.hpp openssl/*.h
                libmnl/*.h libnl3/netlink/*.h libnl3/netlink/genl/*.h yaml-cpp/*.h)
  file(GLOB found RELATIVE /usr/include /usr/include/${pattern})
  foreach(header ${found})
    string(REGEX REPLACE "^libnl3/" "" name ${header})
    set(stop ${HOLDFAST_FORBIDDEN}/${name})
    if(NOT EXISTS ${stop})
      file(WRITE ${stop} "#error \"a core is pure: ${name} belongs in an adapter (see README.md)\"\n")
    endif()
  endforeach()
endforeach()

function(holdfast_common target)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wshadow)
  if(HOLDFAST_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  elseif(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC 12 bugs 105329, 105562, 105651: false alarms about containers and coroutines that come
    # and go with what the optimiser inlines.
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-maybe-uninitialized
                           -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread
                           -Wno-free-nonheap-object -Wno-mismatched-new-delete)
  endif()
  if(HOLDFAST_FUZZ)
    target_compile_options(${target} PUBLIC -fsanitize=fuzzer-no-link,address,undefined
                                            -fno-sanitize-recover=undefined)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
  if(HOLDFAST_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=address,undefined -fno-sanitize-recover=undefined
                                            -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
endfunction()

# holdfast_library(NAME SOURCES... ) — an adapter or shared library; link what it needs yourself.
function(holdfast_library target)
  add_library(${target} STATIC ${ARGN})
  holdfast_common(${target})
endfunction()

# holdfast_core(NAME SOURCES...) — pure code: no clock, socket, log or randomness.
function(holdfast_core target)
  add_library(${target} STATIC ${ARGN})
  holdfast_common(${target})
  target_include_directories(${target} BEFORE PRIVATE ${HOLDFAST_FORBIDDEN})
endfunction()

# holdfast_program(NAME SOURCES...)
function(holdfast_program target)
  add_executable(${target} ${ARGN})
  holdfast_common(${target})
endfunction()
