# Read by llama.cpp's build first: its common library and programs are most of what would be compiled, and nobody uses them.
set(LLAMA_BUILD_COMMON OFF)

# gcc 12 lets AMX begin before its tiles are configured, and every prompt ends the process: vector instructions do it instead.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-mno-amx-tile -mno-amx-int8 -mno-amx-bf16)
endif()
