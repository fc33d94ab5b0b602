#include "squarify.h"

#include <math.h>
#include <stdbool.h>

/* The worst ratio of sides in a row of these sizes along a side of that length. */
static double worst(double sum, double least, double most, double side)
{
    double thick = sum / side;
    return fmax(thick * thick / least, most / (thick * thick));
}

/* Lays a row along the shorter side of what is left, and takes it from there. */
static void lay(const double *amounts, size_t count, double sum, double scale, struct area *left,
                struct area *areas)
{
    bool upright = left->width >= left->height;
    double thick = sum * scale / (upright ? left->height : left->width), at = 0;
    for (size_t i = 0; i < count; i++) {
        double length = amounts[i] * scale / thick;
        areas[i] = upright ? (struct area){left->x, left->y + at, thick, length}
                           : (struct area){left->x + at, left->y, length, thick};
        at += length;
    }
    *left = upright ? (struct area){left->x + thick, left->y, left->width - thick, left->height}
                    : (struct area){left->x, left->y + thick, left->width, left->height - thick};
}

void squarify(const double *amounts, size_t count, struct area whole, struct area *areas)
{
    struct area left = whole;
    double all = 0;
    for (size_t i = 0; i < count; i++)
        all += amounts[i];
    double scale = whole.width * whole.height / all;
    for (size_t begin = 0, end; begin < count; begin = end) {
        double side = fmin(left.width, left.height), sum = amounts[begin];
        for (end = begin + 1; end < count; end++) {
            double with = sum + amounts[end], most = amounts[begin] * scale;
            if (worst(with * scale, amounts[end] * scale, most, side) >
                worst(sum * scale, amounts[end - 1] * scale, most, side))
                break;
            sum = with;
        }
        lay(amounts + begin, end - begin, sum, scale, &left, areas + begin);
    }
}
