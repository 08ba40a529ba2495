/* Named threads that run what is posted to them, in order: the engine and its workers. */
#ifndef THREAD_H
#define THREAD_H

struct thread;

/* thread_start ends the process when no thread can be had. The kernel keeps 15 bytes of name. */
struct thread *thread_start(const char *name);

/* thread_post has t call run(arg). With t NULL the caller runs it itself. */
void thread_post(struct thread *t, void (*run)(void *), void *arg);

/* thread_join waits until everything posted has run, and ends the thread. */
void thread_join(struct thread *t);

#endif
