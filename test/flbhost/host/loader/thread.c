#define _GNU_SOURCE
#include "thread.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct job {
    void (*run)(void *);
    void *arg;
    struct job *next;
};

struct thread {
    pthread_t id;
    pthread_mutex_t lock;
    pthread_cond_t posted;
    struct job *first; /* guarded by lock, like end */
    struct job **end;
};

static struct job *next_job(struct thread *t)
{
    struct job *j;

    pthread_mutex_lock(&t->lock);
    while (t->first == NULL) {
        pthread_cond_wait(&t->posted, &t->lock);
    }
    j = t->first;
    t->first = j->next;
    if (t->first == NULL) {
        t->end = &t->first;
    }
    pthread_mutex_unlock(&t->lock);
    return j;
}

/* Runs jobs up to the one that runs nothing. */
static void *loop(void *arg)
{
    struct job *j;

    while ((j = next_job(arg))->run != NULL) {
        j->run(j->arg);
        free(j);
    }
    free(j);
    return NULL;
}

struct thread *thread_start(const char *name)
{
    struct thread *t = calloc(1, sizeof(*t));
    char cut[16];

    if (t == NULL) {
        abort();
    }
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->posted, NULL);
    t->end = &t->first;
    if (pthread_create(&t->id, NULL, loop, t) != 0) {
        perror("flbhost loader: thread");
        exit(EXIT_FAILURE);
    }
    snprintf(cut, sizeof(cut), "%.*s", (int) sizeof(cut) - 1, name);
    pthread_setname_np(t->id, cut);
    return t;
}

static void append(struct thread *t, void (*run)(void *), void *arg)
{
    struct job *j = calloc(1, sizeof(*j));

    if (j == NULL) {
        abort();
    }
    j->run = run;
    j->arg = arg;
    pthread_mutex_lock(&t->lock);
    *t->end = j;
    t->end = &j->next;
    pthread_cond_signal(&t->posted);
    pthread_mutex_unlock(&t->lock);
}

void thread_post(struct thread *t, void (*run)(void *), void *arg)
{
    if (t == NULL) {
        run(arg);
    }
    else {
        append(t, run, arg);
    }
}

void thread_join(struct thread *t)
{
    append(t, NULL, NULL);
    pthread_join(t->id, NULL);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->posted);
    free(t);
}
