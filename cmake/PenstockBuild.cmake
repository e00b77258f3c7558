# What all of Penstock is built with: language, warnings, sanitizers, places, libraries.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

find_program(PENSTOCK_CCACHE ccache)
if(PENSTOCK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${PENSTOCK_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PENSTOCK_CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
  -Wno-missing-field-initializers)  # aggregates name what differs from their defaults
# From 13 on g++ takes every temporary argument for what a returned reference refers to.
add_compile_options($<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_GREATER_EQUAL:$<CXX_COMPILER_VERSION>,13>>:-Wno-dangling-reference>)
if(PENSTOCK_WERROR)
  add_compile_options(-Werror)
endif()
add_compile_options($<$<CXX_COMPILER_ID:Clang>:-Wno-ambiguous-reversed-operator>)  # RapidJSON 1.1's iterators in C++20
if(PENSTOCK_SANITIZE)
  add_compile_options(-fsanitize=${PENSTOCK_SANITIZE} -fno-omit-frame-pointer)
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # false alarms of instrumented Asio
  add_link_options(-fsanitize=${PENSTOCK_SANITIZE})
  if(PENSTOCK_SANITIZE STREQUAL "thread")
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)  # Asio's fences, which it does not rely on alone
  endif()
endif()
if(PENSTOCK_FUZZ)
  # Coverage everywhere, libFuzzer's main only in tests/fuzz. Without recovery a finding is a crash, which libFuzzer keeps.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
    -fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/tests/fuzz/foreign.ignore)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  add_link_options(-fsanitize=address,undefined)
endif()
if(NOT PENSTOCK_FUZZ AND NOT PENSTOCK_SANITIZE)
  include(${CMAKE_CURRENT_LIST_DIR}/PenstockHardening.cmake)
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED)  # headers only; FindBoost is gone from newer CMakes
find_package(OpenSSL REQUIRED)
find_package(CURL 7.87 REQUIRED)
find_package(EXPAT REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(yaml-cpp REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(simdjson REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(libsodium REQUIRED IMPORTED_TARGET libsodium)
find_path(RAPIDJSON_INCLUDE rapidjson/document.h REQUIRED)

# Asio compiled once, in core/asio.cpp: every other file that includes it compiles in half the time.
add_library(penstock_asio STATIC ${PROJECT_SOURCE_DIR}/core/asio.cpp)
target_compile_definitions(penstock_asio PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)
target_link_libraries(penstock_asio PUBLIC Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)

# RapidJSON must not abort on what it asserts: its asserts throw, its recursion is capped by the callers.
add_library(penstock_rapidjson INTERFACE)
target_include_directories(penstock_rapidjson SYSTEM INTERFACE ${RAPIDJSON_INCLUDE})
target_compile_definitions(penstock_rapidjson INTERFACE RAPIDJSON_HAS_STDSTRING=1)

# penstock_add_room(name SOURCES … LINK …): one room of the core, tested by itself, part of libpenstock.
function(penstock_add_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINK" ${ARGN})
  add_library(penstock_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(penstock_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/core/include>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/core>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/sdk/include>)
  target_link_libraries(penstock_${name} PUBLIC ${ROOM_LINK})
  target_compile_features(penstock_${name} PUBLIC cxx_std_20)
endfunction()
