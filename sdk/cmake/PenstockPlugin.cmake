# penstock_add_plugin(name SOURCES … [TARGET plugins]): builds one plugin as one shared library <name>.so, which contains
# manifest.json of the current folder. TARGET is the custom target that builds all plugins.
#
# Needs CMake 3.20 and the languages C and CXX; CMake reads the manifest when it configures.
#
# The flags prevent known failures: hidden visibility and -fno-gnu-unique, because plugins would otherwise share the static
# variables of inline code; a version script that exports the entry point only; -z defs -z now, so that a missing symbol is an
# error at build or load, never at the first call.

# Policies of this file and its functions, independent of the including project.
cmake_policy(PUSH)
cmake_policy(VERSION 3.20...3.25)

set(PENSTOCK_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/plugin.map)
set(PENSTOCK_SDK_INCLUDE ${CMAKE_CURRENT_LIST_DIR}/../include)

# The manifest is embedded by the C compiler's assembler.
get_property(PENSTOCK_LANGUAGES GLOBAL PROPERTY ENABLED_LANGUAGES)
if(NOT C IN_LIST PENSTOCK_LANGUAGES)
  enable_language(C)
endif()

# penstock_manifest_declares(text member variable): 1 if an API of the manifest has that member, else 0.
function(penstock_manifest_declares text member variable)
  set(${variable} 0 PARENT_SCOPE)
  string(JSON count LENGTH "${text}" apis)
  foreach(index RANGE 1 ${count})
    math(EXPR index "${index} - 1")
    string(JSON api MEMBER "${text}" apis ${index})
    string(JSON kind ERROR_VARIABLE absent TYPE "${text}" apis "${api}" ${member})
    if(NOT absent)
      set(${variable} 1 PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

function(penstock_add_plugin name)
  cmake_parse_arguments(PLUGIN "" "TARGET" "SOURCES" ${ARGN})
  if(NOT PLUGIN_TARGET)
    set(PLUGIN_TARGET plugins)
  endif()
  if(NOT TARGET ${PLUGIN_TARGET})
    add_custom_target(${PLUGIN_TARGET})
  endif()
  set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/manifest.json)
  file(READ ${manifest} text)
  string(JSON apis ERROR_VARIABLE wrong LENGTH "${text}" apis)
  if(wrong OR apis EQUAL 0)
    message(FATAL_ERROR "${manifest}: \"apis\" must be an object with at least one API ${wrong}")
  endif()
  penstock_manifest_declares("${text}" session declares_session)
  penstock_manifest_declares("${text}" inspect declares_inspect)
  set(embedded ${CMAKE_CURRENT_BINARY_DIR}/${name}_manifest.S)
  # The size is a constant in the entry point: a changed manifest requires a new configuration.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  file(SIZE ${manifest} size)
  file(GENERATE OUTPUT ${embedded} CONTENT
"    .section .pst_manifest, \"a\", @progbits
    .globl pst_manifest_bytes
    .hidden pst_manifest_bytes
    .type pst_manifest_bytes, @object
    .size pst_manifest_bytes, ${size}
pst_manifest_bytes:
    .incbin \"${manifest}\"
    .section .note.GNU-stack, \"\", @progbits
")
  set_source_files_properties(${embedded} PROPERTIES
    OBJECT_DEPENDS ${manifest} LANGUAGE C COMPILE_OPTIONS "-xassembler-with-cpp")

  add_library(${name} MODULE ${PLUGIN_SOURCES} ${embedded})
  target_include_directories(${name} PRIVATE ${PENSTOCK_SDK_INCLUDE})
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_compile_definitions(${name} PRIVATE PENSTOCK_MANIFEST_SIZE=${size}
    PENSTOCK_MANIFEST_SESSION=${declares_session} PENSTOCK_MANIFEST_INSPECT=${declares_inspect})
  target_compile_options(${name} PRIVATE
    -fvisibility=hidden $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)  # clang emits no such symbols
  target_link_options(${name} PRIVATE
    -Wl,--version-script=${PENSTOCK_PLUGIN_MAP} -Wl,-z,now -Wl,-z,relro -Wl,-z,noexecstack)
  if(NOT PENSTOCK_SANITIZE)  # the executable provides the sanitizers' symbols
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  set_target_properties(${name} PROPERTIES
    PREFIX "" LINK_DEPENDS ${PENSTOCK_PLUGIN_MAP} SKIP_BUILD_RPATH ON
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/plugins)
  add_dependencies(${PLUGIN_TARGET} ${name})
endfunction()
cmake_policy(POP)
