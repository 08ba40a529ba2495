#include "input.h"
#include "operation.h"
#include "thread.h"

#include <stdlib.h>

/* Only the main thread uses the table. */
static struct flb_input_instance *inputs[TABLE_SIZE];

static void create(struct request *r)
{
    uint32_t i = take_index(r);
    struct proxy *x = take_proxy(r);

    inputs[i] = input_new(x, *r);
    r->frame = NULL;
    answer(r, RESULT_OK, NULL);
}

static void drop(struct request *r)
{
    uint32_t i = take_index(r);

    input_free(inputs[i]);
    inputs[i] = NULL;
    answer(r, RESULT_OK, NULL);
}

/* A request to an input, on its way to the thread that carries it out. */
struct errand {
    struct request request;
    struct flb_input_instance *ins;
};

static void errand_done(struct errand *e, enum result result)
{
    answer_checked(&e->request, result, input_damage(e->ins));
    request_free(&e->request);
    free(e);
}

static void run_init(void *arg)
{
    struct errand *e = arg;

    errand_done(e, input_init(e->ins) == 0 ? RESULT_OK : RESULT_FAILED);
}

static void run_pre_run(void *arg)
{
    struct errand *e = arg;

    input_pre_run(e->ins, (int) take_number(&e->request));
    errand_done(e, RESULT_OK);
}

static void run_collect(void *arg)
{
    struct errand *e = arg;
    struct reply p;

    reply_begin(&p, e->request.call, RESULT_OK);
    input_collect(e->ins, &p);
    reply_send(&p);
    request_free(&e->request);
    free(e);
}

static void run_pause(void *arg)
{
    struct errand *e = arg;

    input_pause(e->ins);
    errand_done(e, RESULT_OK);
}

static void run_resume(void *arg)
{
    struct errand *e = arg;

    input_resume(e->ins);
    errand_done(e, RESULT_OK);
}

static void run_exit(void *arg)
{
    struct errand *e = arg;
    struct flb_input_instance *ins = e->ins;

    input_exit(ins, (int) take_number(&e->request));
    errand_done(e, RESULT_OK);
    input_free(ins);
}

static void (*const on_thread[])(void *) = {
    [OP_INPUT_INIT] = run_init,   [OP_INPUT_PRE_RUN] = run_pre_run, [OP_INPUT_COLLECT] = run_collect,
    [OP_INPUT_PAUSE] = run_pause, [OP_INPUT_RESUME] = run_resume,   [OP_INPUT_EXIT] = run_exit,
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
    e->ins = inputs[i];
    if (r->op == OP_INPUT_EXIT) {
        inputs[i] = NULL;
    }
    thread_post(thread, on_thread[r->op], e);
}

void input_operation_start(struct request *r)
{
    switch (r->op) {
    case OP_INPUT_CREATE:
        create(r);
        break;
    case OP_INPUT_DROP:
        drop(r);
        break;
    default:
        start_on_thread(r);
        return;
    }
    request_free(r);
}
