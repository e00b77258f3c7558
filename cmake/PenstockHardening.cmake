# Flags for a process that holds secrets: what goes wrong in memory ends the process before it can be used. Release builds only:
# the sanitizers see more, and _FORTIFY_SOURCE needs an optimizing compiler. tests/machine/hardening_test.sh reads what was built.

include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)
include(CheckPIESupported)
check_pie_supported()

# penstock_harden(FLAG): adds it where the compiler has it.
function(penstock_harden flag)
  string(MAKE_C_IDENTIFIER "PENSTOCK_HAS${flag}" has)
  check_cxx_compiler_flag(${flag} ${has})
  if(${has})
    add_compile_options($<$<CONFIG:Release>:${flag}>)
  endif()
endfunction()

penstock_harden(-fstack-protector-strong)
penstock_harden(-fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64|AMD64")
  penstock_harden(-fcf-protection)
endif()

# Level 3 also checks sizes that are known at run time only; glibc says with a warning where it has none.
set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
check_cxx_source_compiles("#include <cstring>\nint main() {}" PENSTOCK_HAS_FORTIFY_3)
unset(CMAKE_REQUIRED_FLAGS)
set(fortify 2)
if(PENSTOCK_HAS_FORTIFY_3)
  set(fortify 3)
endif()
# Some distributions' compilers define a level of their own.
add_compile_options($<$<CONFIG:Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=${fortify}>)
add_compile_options($<$<CONFIG:Release>:-D_GLIBCXX_ASSERTIONS>)
add_link_options(-Wl,-z,relro,-z,now -Wl,-z,noexecstack)
