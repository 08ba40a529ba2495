/*
 * The lowest versions of the glibc functions that Go's runtime needs. make build includes this file into every C file
 * of the plugins, those of runtime/cgo too, so that a plugin loads with every glibc since 2012, whatever glibc the
 * machine has that builds it.
 *
 * glibc 2.32 and 2.34 moved these functions from libpthread and libdl to libc and gave them a new version. libc keeps
 * the old version of each, and both are the same function. Without .symver, the linker takes the newest version.
 */
#if defined(__linux__) && !defined(__ASSEMBLER__)

#if defined(__x86_64__)
#define BASE "GLIBC_2.2.5"
#define DLADDR1 "GLIBC_2.3.3"
#define GETATTR BASE
#elif defined(__aarch64__)
#define BASE "GLIBC_2.17"
#define DLADDR1 BASE
#define GETATTR BASE
#elif defined(__arm__)
#define BASE "GLIBC_2.4"
#define DLADDR1 BASE
#define GETATTR BASE
#elif defined(__s390x__)
#define BASE "GLIBC_2.2"
#define DLADDR1 "GLIBC_2.3.3"
#define GETATTR "GLIBC_2.2.3"
#endif

#ifdef BASE
#define VERSION(function, version) __asm__(".symver " #function "," #function "@" version)
VERSION(dladdr, BASE);
VERSION(dladdr1, DLADDR1);
VERSION(dlsym, BASE);
VERSION(pthread_attr_getstack, BASE);
VERSION(pthread_attr_getstacksize, BASE);
VERSION(pthread_create, BASE);
VERSION(pthread_getattr_np, GETATTR);
VERSION(pthread_key_create, BASE);
VERSION(pthread_setspecific, BASE);
VERSION(pthread_sigmask, BASE);
#undef VERSION
#undef GETATTR
#undef DLADDR1
#undef BASE
#endif

#endif
