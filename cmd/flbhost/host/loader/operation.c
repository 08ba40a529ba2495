#include "operation.h"

#include "log.h"
#include "proxy.h"
#include "thread.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* Only the main thread uses the tables. */
static struct proxy *proxies[TABLE_SIZE];
static struct thread *threads[TABLE_SIZE]; /* 0 stays NULL: the main thread */
static struct flb_output_instance *instances[TABLE_SIZE];

uint32_t take_index(struct request *r)
{
    uint32_t i = take_number(r);

    if (i >= TABLE_SIZE) {
        fprintf(stderr, "flbhost loader: number %u is out of range\n", i);
        exit(EXIT_FAILURE);
    }
    return i;
}

struct proxy *take_proxy(struct request *r)
{
    return proxies[take_index(r)];
}

struct thread *take_thread(struct request *r)
{
    return threads[take_index(r)];
}

void answer(const struct request *r, enum result result, const char *text)
{
    struct reply p;

    reply_begin(&p, r->call, result);
    reply_text(&p, text);
    reply_send(&p);
}

void answer_checked(const struct request *r, enum result result, const char *damage)
{
    answer(r, damage != NULL ? RESULT_DAMAGE : result, damage);
}

static void reply_config_map(struct reply *p, const struct flb_config_map *map)
{
    const struct flb_config_map *m;
    uint32_t n = 0;

    for (m = map; m != NULL && m->name != NULL; m++) {
        n++;
    }
    reply_number(p, n);
    for (m = map; n > 0; m++, n--) {
        reply_number(p, (uint32_t) m->type);
        reply_number(p, (uint32_t) m->flags);
        reply_text(p, m->name);
        reply_text(p, m->def_value);
        reply_text(p, m->desc);
    }
}

static void answer_loaded(const struct request *r, const struct proxy *x)
{
    struct reply p;

    int registered = x->plugin != NULL || x->input != NULL;

    reply_begin(&p, r->call, RESULT_OK);
    reply_number(&p, registered ? (uint32_t) x->def->type : 0);
    if (registered) {
        reply_text(&p, x->def->name);
        reply_text(&p, x->def->description);
        reply_config_map(&p, abi->def_size == sizeof(*x->def) ? x->def->config_map : NULL);
    }
    reply_send(&p);
}

static void load(struct request *r)
{
    uint32_t i = take_index(r);
    int hot = (int) take_number(r);
    const char *path = take_text(r);
    const char *error = NULL;

    proxies[i] = proxy_load(path, hot, &error);
    if (proxies[i] == NULL) {
        log_error("[proxy] error opening plugin %s: '%s'", path, error);
        log_error("[plugin] error loading proxy plugin: %s", path);
        answer(r, RESULT_FAILED, error);
    }
    else if (proxy_damage(proxies[i]) != NULL) {
        answer(r, RESULT_DAMAGE, proxy_damage(proxies[i]));
    }
    else {
        answer_loaded(r, proxies[i]);
    }
}

static void unload(struct request *r)
{
    uint32_t i = take_index(r);
    const char *damage = proxy_damage(proxies[i]);

    proxy_unload(proxies[i]);
    proxies[i] = NULL;
    answer_checked(r, RESULT_OK, damage);
}

static void start_thread(struct request *r)
{
    uint32_t i = take_index(r);

    threads[i] = thread_start(take_text(r));
    answer(r, RESULT_OK, NULL);
}

static void join_thread(struct request *r)
{
    uint32_t i = take_index(r);

    thread_join(threads[i]);
    threads[i] = NULL;
    answer(r, RESULT_OK, NULL);
}

static void create(struct request *r)
{
    uint32_t i = take_index(r);
    struct proxy *x = take_proxy(r);

    instances[i] = instance_new(x, *r);
    r->frame = NULL;
    answer(r, RESULT_OK, NULL);
}

static void destroy(struct request *r)
{
    uint32_t i = take_index(r);

    instance_free(instances[i]);
    instances[i] = NULL;
    answer(r, RESULT_OK, NULL);
}

static void hangup(struct request *r)
{
    raise(SIGHUP);
    answer(r, RESULT_OK, NULL);
}

/* The driver's own lines go the way of the plugins' so that their order is right. */
static void put_log(struct request *r)
{
    int level = (int) take_number(r);

    log_print(level, NULL, 0, "%s", take_text(r));
    answer(r, RESULT_OK, NULL);
}

/* A request to an instance, on its way to the thread that carries it out. */
struct errand {
    struct request request;
    struct flb_output_instance *ins;
};

static void errand_done(struct errand *e, enum result result)
{
    answer_checked(&e->request, result, instance_damage(e->ins));
    request_free(&e->request);
    free(e);
}

static void run_init(void *arg)
{
    struct errand *e = arg;

    errand_done(e, instance_init(e->ins) == 0 ? RESULT_OK : RESULT_FAILED);
}

static void run_pre_run(void *arg)
{
    struct errand *e = arg;

    instance_pre_run(e->ins, (int) take_number(&e->request));
    errand_done(e, RESULT_OK);
}

static void flush_here(void *arg)
{
    struct errand *e = arg;
    struct reply p;
    const char *tag = take_text(&e->request);
    size_t len;
    const char *bytes = take_bytes(&e->request, &len);

    reply_begin(&p, e->request.call, RESULT_OK);
    reply_number(&p, (uint32_t) instance_flush(e->ins, bytes, len, tag));
    reply_send(&p);
    request_free(&e->request);
    free(e);
}

/* The engine thread only hands over when there are workers, as Fluent Bit's does. */
static void run_flush(void *arg)
{
    struct errand *e = arg;

    thread_post(instance_worker(e->ins), flush_here, e);
}

static void run_exit(void *arg)
{
    struct errand *e = arg;
    struct flb_output_instance *ins = e->ins;

    instance_exit(ins, (int) take_number(&e->request));
    errand_done(e, RESULT_OK);
    instance_free(ins);
}

static void (*const on_main[])(struct request *) = {
    [OP_LOAD] = load,          [OP_UNLOAD] = unload,    [OP_THREAD] = start_thread,
    [OP_JOIN] = join_thread,   [OP_CREATE] = create,    [OP_DESTROY] = destroy,
    [OP_HANGUP] = hangup,      [OP_LOG] = put_log,
};

static void (*const on_thread[])(void *) = {
    [OP_INIT] = run_init,
    [OP_PRE_RUN] = run_pre_run,
    [OP_FLUSH] = run_flush,
    [OP_EXIT] = run_exit,
};

static void start_on_thread(struct request *r)
{
    struct errand *e = calloc(1, sizeof(*e));
    uint32_t i = take_index(r);
    struct thread *thread = take_thread(r);

    if (e == NULL) {
        abort();
    }
    e->request = *r;
    e->ins = instances[i];
    if (r->op == OP_EXIT) {
        instances[i] = NULL;
    }
    thread_post(thread, on_thread[r->op], e);
}

void operation_start(struct request *r)
{
    if (r->op >= OP_INIT && r->op <= OP_EXIT) {
        start_on_thread(r);
        return;
    }
    if (r->op >= OP_INPUT_CREATE && r->op <= OP_INPUT_EXIT) {
        input_operation_start(r);
        return;
    }
    if (r->op >= OP_LOAD && r->op <= OP_LOG) {
        on_main[r->op](r);
    }
    request_free(r);
}
