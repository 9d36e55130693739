/*
 * vec.h
 *	  Arrays that grow and are emptied, never shrunk: what a batch needs.
 */
#ifndef TRADEPOST_VEC_H
#define TRADEPOST_VEC_H

#include <stddef.h>
#include "mem.h"

typedef struct TpVec
{
	void *items;
	size_t count;
	size_t room;
} TpVec;

/* Room for one more of `size` bytes; its content is undefined. */
static inline void *
tp_vec_push(TpVec *vec, size_t size)
{
	if (vec->count == vec->room)
	{
		vec->room = vec->room == 0 ? 32 : vec->room * 2;
		vec->items = tradepost_mem_realloc(vec->items, vec->room * size);
	}
	return (char *) vec->items + size * vec->count++;
}

#define TP_PUSH(vec, type, value) (*(type *) tp_vec_push((vec), sizeof(type)) = (value))
#define TP_AT(vec, type, i) (((type *) (vec)->items)[i])

static inline void
tp_vec_free(TpVec *vec)
{
	tradepost_mem_free(vec->items);
	*vec = (TpVec){ 0 };
}

#endif
