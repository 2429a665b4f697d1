# Read by llama.cpp's build first: its common library and programs are most of what would be compiled, and nobody uses them.
set(LLAMA_BUILD_COMMON OFF)
